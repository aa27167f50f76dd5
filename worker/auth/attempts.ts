/** How many guesses from one network are answered with 401 within `WINDOW`; then it is 429, and no line of the log is written. */
export const LIMIT = 20;

/** Counted from the first guess. Milliseconds. */
export const WINDOW = 60_000;

/** More networks are not remembered: those that began longest ago are forgotten. */
const MAX_NETWORKS = 5_000;

interface Count {
  readonly since: number;
  guesses: number;
  told: number;
}

/**
 * Failed attempts to show a token, by where they came from, in this isolate's memory. 256 random bits are not guessed, and
 * no number of guesses keeps out who holds a good token: what is limited is the log, and clients are told to wait.
 */
export class Attempts {
  readonly #counts = new Map<string, Count>();

  /** For how many more seconds guesses from there are too many; 0: they are not. `now` in milliseconds since the epoch. */
  limitedFor(origin: string, now: number): number {
    const count = this.#counts.get(networkOf(origin));
    if (!count || count.guesses < LIMIT) return 0;
    return Math.max(0, Math.ceil((count.since + WINDOW - now) / 1_000));
  }

  /** Notes that what was shown was no token. */
  guessed(origin: string, now: number): void {
    this.#count(origin, now).guesses++;
  }

  /** Whether a line about one more failure may be written; each call is one. */
  mayTell(origin: string, now: number): boolean {
    return ++this.#count(origin, now).told <= LIMIT;
  }

  #count(origin: string, now: number): Count {
    const network = networkOf(origin);
    const had = this.#counts.get(network);
    if (had && now < had.since + WINDOW) return had;
    const count = { since: now, guesses: 0, told: 0 };
    this.#counts.delete(network);
    this.#counts.set(network, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MAX_NETWORKS && oldest !== undefined) this.#counts.delete(oldest);
    return count;
  }
}

/** What of an address is one customer's: all of an IPv4 address; of an IPv6 address, of which each has 2 to the 64, its first half. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = [], tail] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const gap = tail ? Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0") : [];
  return [...head, ...gap, ...(tail ?? [])]
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ""))
    .join(":");
}
