import { SECOND } from "../duration.ts";
import type { FetchAnswer } from "../platform/platform.ts";
import { retryAfterOf } from "./retry-after.ts";

/** However long a host asks for, it is asked again after this: it may answer sooner than it said. Milliseconds. */
const LONGEST = 30 * SECOND;

/** More hosts than any index uses. The limit protects the memory from a page with files on thousands of hosts. */
const MAX_HOSTS = 200;

/**
 * Which hosts have said that they are asked too much (429 with `Retry-After`), and until when they are not asked: each request
 * would be refused, and many hosts refuse for longer those that go on. There is one instance for each upstream and isolate.
 */
export class Pauses {
  readonly #until = new Map<string, number>();

  /** Does as an answer of `host` says. */
  heed(host: string, answer: FetchAnswer, now: number): void {
    const seconds = answer.status === 429 ? retryAfterOf(answer, now) : undefined;
    if (seconds === undefined) return;
    this.#until.delete(host);
    this.#until.set(host, now + Math.min(seconds * SECOND, LONGEST));
    const [oldest] = this.#until.keys();
    if (this.#until.size > MAX_HOSTS && oldest !== undefined) this.#until.delete(oldest);
  }

  /** For how many seconds `host` is not to be asked; 0 where it may be. */
  left(host: string, now: number): number {
    const until = this.#until.get(host);
    if (until === undefined) return 0;
    // Where the clock was set back, the end is further away than it could be.
    if (now < until && until <= now + LONGEST) return Math.ceil((until - now) / SECOND);
    this.#until.delete(host);
    return 0;
  }
}
