import { env } from "cloudflare:workers";
import type { Platform } from "../../worker/compose.ts";

/** An isolate that ends at some point: from then on nothing that it does reaches the stores. */
export class Mortal {
  /** How many more pages it gets to write. */
  writes = Infinity;

  /** The stores, as it sees them. */
  readonly platform: Partial<Platform> = {
    PAGES: this.#until(env.PAGES),
    DB: this.#until(env.DB),
    cache: this.#until(caches.default),
  };

  #until<T extends object>(binding: T): T {
    return new Proxy(binding, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          if (this.writes <= 0) throw new Error("the isolate has ended");
          if (property === "put" && target === (env.PAGES as object)) this.writes--;
          return Reflect.apply(value, target, args);
        };
      },
    });
  }
}
