import { env } from "cloudflare:workers";
import type { Platform } from "../../worker/compose.ts";

/** An isolate that ends at one of its operations on the stores: none that follows reaches them. */
export class Dying {
  /** How many more operations have an answer. */
  left = Infinity;
  /** Whether the one that has none takes effect all the same. */
  takesEffect = false;
  /** Operations so far. */
  seen = 0;

  /** The stores, as it sees them. */
  readonly platform: Partial<Platform> = {
    PAGES: this.#until(env.PAGES),
    FILES: this.#until(env.FILES),
    DB: this.#until(env.DB),
    cache: this.#until(caches.default),
  };

  #until<T extends object>(binding: T): T {
    return new Proxy(binding, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          const work = (): unknown => Reflect.apply(value, target, args);
          // The one that answers at once: a statement does nothing before it is run.
          if (property !== "prepare") return this.#operate(work);
          this.#count();
          if (this.left < 0) throw ENDED();
          return work();
        };
      },
    });
  }

  async #operate(work: () => unknown): Promise<unknown> {
    this.#count();
    if (this.left < -1 || (this.left < 0 && !this.takesEffect)) throw ENDED();
    const result = await work();
    if (this.left < 0) throw ENDED();
    // An upload in parts has operations of its own.
    return result instanceof Object && "uploadPart" in result ? this.#until(result) : result;
  }

  #count() {
    this.seen++;
    this.left--;
  }
}

const ENDED = () => new Error("the isolate has ended");
