import { AsyncLocalStorage } from "node:async_hooks";
import type { Fetch } from "../platform/platform.ts";

/** How long one request has waited for upstreams, whatever number of them it asks at once. */
export class UpstreamWait {
  #asked = false;
  #open = 0;
  #since = 0;
  #total = 0;

  /** Whether an upstream was asked at all. */
  get wasAsked(): boolean {
    return this.#asked;
  }

  /** A question was asked; `now` in milliseconds since the epoch. */
  began(now: number): void {
    this.#asked = true;
    if (this.#open++ === 0) this.#since = now;
  }

  /** The head of its answer is here, or it failed. */
  ended(now: number): void {
    if (--this.#open === 0) this.#total += Math.max(0, now - this.#since);
  }

  /** Milliseconds up to `now`. */
  total(now: number): number {
    return this.#total + (this.#open > 0 ? Math.max(0, now - this.#since) : 0);
  }
}

/** Which request the code that runs belongs to: the upstream's client is asked for a page, and not for which client. */
const waits = new AsyncLocalStorage<UpstreamWait>();

/** Runs `work`; what it waits for upstreams is added to `wait`. */
export const addUpstreamWait = <Result>(wait: UpstreamWait, work: () => Result): Result => waits.run(wait, work);

/** A `fetch` whose calls are added to what the request that makes them has waited. `now` in milliseconds since the epoch. */
export const timedFetch =
  (fetched: Fetch, now: () => number): Fetch =>
  async (url, init) => {
    const wait = waits.getStore();
    wait?.began(now());
    try {
      return await fetched(url, init);
    } finally {
      wait?.ended(now());
    }
  };
