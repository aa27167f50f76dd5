import { SECOND } from "../duration.ts";

/** How long no request is sent to a host after its first failure, and at most after many. Milliseconds. */
const FIRST_PAUSE = 2 * SECOND;
const LONGEST_PAUSE = 30 * SECOND;

/**
 * After a pause one request tries the host again; the next may try only so much later. Longer than any request waits for an
 * answer. Milliseconds.
 */
const TRIAL = 10 * SECOND;

/**
 * How long the first request that tries a host again waits for an answer; each later one waits so much longer. A cold page must
 * not wait long for a host that hangs, and a host that is only slow must be reachable again. Milliseconds.
 */
const TRIAL_PATIENCE = 900;

/** More hosts than any index uses. The limit protects the memory from a page with files on thousands of hosts. */
const MAX_HOSTS = 200;

interface Failing {
  readonly failures: number;
  readonly until: number;
  readonly reason: string;
}

/**
 * A circuit breaker: which hosts have just failed. Only the first request waits for a host that is down or hangs; until the pause
 * is over, further requests fail at once, and then one of them tries again. There is one instance for each upstream and isolate.
 */
export class Circuits {
  readonly #failing = new Map<string, Failing>();

  /** Why `host` must not be asked now, or undefined where it may be: the caller then reports `succeeded` or `failed`. */
  refusal(host: string, now: number): string | undefined {
    const failing = this.#failing.get(host);
    if (!failing) return undefined;
    if (now < failing.until) return failing.reason;
    this.#failing.set(host, { ...failing, until: now + TRIAL });
    return undefined;
  }

  /** Whether `host` did not answer when it was last asked. */
  isFailing(host: string): boolean {
    return this.#failing.has(host);
  }

  /** How long to wait for an answer of `host`: `usual`, or less where it has just failed. Milliseconds. */
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
