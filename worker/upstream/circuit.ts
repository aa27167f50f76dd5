/** How long a host is left alone after its first failure, and at the most. Milliseconds. */
const FIRST_PAUSE = 2_000;
const LONGEST_PAUSE = 30_000;

/** How long the one request that tries again may take before the next may. Milliseconds; longer than any answer is waited for. */
const TRIAL = 10_000;

/**
 * How long the first request that tries again waits for an answer, and how much longer each one after it: a cold page must
 * not wait long for a host that hangs, and one that is only slow must be found again. Milliseconds.
 */
const TRIAL_PATIENCE = 900;

/** More hosts than any index uses; a page that names thousands must not fill the memory. */
const MAX_HOSTS = 200;

interface Failing {
  readonly failures: number;
  readonly until: number;
  readonly reason: string;
}

/**
 * Which hosts have just failed, so that only the first request waits for one that is dead or hangs: until its pause is over
 * the others are told at once, and then one of them tries again. One for each upstream and isolate.
 */
export class Circuits {
  readonly #failing = new Map<string, Failing>();

  /** Why `host` should not be asked now, or undefined where it may be: the caller must then report how it went. */
  refusal(host: string, now: number): string | undefined {
    const failing = this.#failing.get(host);
    if (!failing) return undefined;
    if (now < failing.until) return failing.reason;
    this.#failing.set(host, { ...failing, until: now + TRIAL });
    return undefined;
  }

  /** How long an answer of `host` is to be waited for: `usual`, or less where it has just failed. Milliseconds. */
  patience(host: string, usual: number): number {
    const failing = this.#failing.get(host);
    return failing ? Math.min(TRIAL_PATIENCE * failing.failures, usual) : usual;
  }

  /** `host` answered. */
  succeeded(host: string): void {
    this.#failing.delete(host);
  }

  /** `host` did not answer, for `reason`. */
  failed(host: string, reason: string, now: number): void {
    const failures = (this.#failing.get(host)?.failures ?? 0) + 1;
    const pause = Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE);
    this.#failing.delete(host);
    this.#failing.set(host, { failures, until: now + pause, reason });
    const [oldest] = this.#failing.keys();
    if (this.#failing.size > MAX_HOSTS && oldest !== undefined) this.#failing.delete(oldest);
  }
}
