import { MINUTE, inSeconds } from "../duration.ts";

/**
 * Failed attempts of one network that are answered with 401 within `WINDOW_MS`. Further ones are answered with 429 and
 * not logged.
 */
export const MAX_ATTEMPTS = 20;

/** Counted from the first failed attempt. */
export const WINDOW_MS = MINUTE;

/** If more networks fail, the entry that began longest ago is dropped. */
const MAX_NETWORKS = 5_000;

interface Count {
  readonly since: number;
  failures: number;
  logged: number;
}

/**
 * Counts failed attempts to authenticate, by network, in this isolate's memory. A client cannot guess 256 random bits, and a
 * client with a valid token is let in however many attempts failed before. The limit keeps the log short and tells
 * clients to wait.
 */
export class Attempts {
  readonly #counts = new Map<string, Count>();

  /**
   * Seconds until this origin may fail again without a 429; 0 where it is not limited. `now` in milliseconds since the
   * epoch.
   */
  limitedForSeconds(origin: string, now: number): number {
    const count = this.#counts.get(networkOf(origin));
    if (!count || count.failures < MAX_ATTEMPTS) return 0;
    return Math.max(0, Math.ceil(inSeconds(count.since + WINDOW_MS - now)));
  }

  /** Counts a failed attempt. */
  countFailure(origin: string, now: number): void {
    this.#count(origin, now).failures++;
  }

  /** Whether one more failure of this origin may be logged. Each call counts as one logged line. */
  mayLog(origin: string, now: number): boolean {
    return ++this.#count(origin, now).logged <= MAX_ATTEMPTS;
  }

  #count(origin: string, now: number): Count {
    const network = networkOf(origin);
    const had = this.#counts.get(network);
    if (had && now < had.since + WINDOW_MS) return had;
    const count = { since: now, failures: 0, logged: 0 };
    this.#counts.delete(network);
    this.#counts.set(network, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MAX_NETWORKS && oldest !== undefined) this.#counts.delete(oldest);
    return count;
  }
}

/**
 * The part of an address that belongs to one customer: a whole IPv4 address, or the first 64 bits of an IPv6 address. A /24 of IPv4
 * would have some 250 customers of a provider answer for each other.
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = [], tail] = address.split("::").map((part) => part.split(":").filter((group) => group !== ""));
  const gap = tail ? Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0") : [];
  return [...head, ...gap, ...(tail ?? [])]
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ""))
    .join(":");
}
