import type { Context } from "../repository/context.ts";

/**
 * What is being fetched for the first time: who asks for it meanwhile is given the same. Only where one request may wait for
 * another's answer: on Cloudflare it may not.
 */
export class FirstFetches<What extends string, Value> {
  readonly #underWay = new Map<What, Promise<Value>>();

  /** Whether it is being fetched: who joins that has nothing more fetched. */
  has(what: What): boolean {
    return this.#underWay.has(what);
  }

  /**
   * What another request is fetching, or what `ask` gives. Rejects as the fetch does.
   *
   * @param ctx of the request that asks; one that stores nothing new fetches for itself
   */
  of(what: What, ask: () => Promise<Value>, ctx: Context): Promise<Value> {
    if (ctx.storesNothingNew) return ask();
    const found = this.#underWay.get(what);
    if (found) return found;
    const fetched = ask().finally(() => this.#underWay.delete(what));
    this.#underWay.set(what, fetched);
    return fetched;
  }
}
