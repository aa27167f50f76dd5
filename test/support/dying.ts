import { env } from "cloudflare:workers";
import type { Platform } from "../../worker/platform/platform.ts";
import { whole } from "./whole.ts";

/** At its end what the store has given is not read. */
const DROPPED = () => undefined;

/** An isolate that ends at one of its operations on the stores: none that follows reaches them. */
export class Dying {
  /** How many more operations have an answer. */
  left = Infinity;
  /** Whether the one that has none takes effect all the same. */
  takesEffect = false;
  /** Operations so far. */
  seen = 0;
  readonly #counts: (binding: object, operation: string) => boolean;

  /** @param counts which operations bring the end nearer; all, unless it is given */
  constructor(counts: (binding: object, operation: string) => boolean = () => true) {
    this.#counts = counts;
  }

  /** The stores, as it sees them. */
  readonly platform = {
    keyValue: this.#over(whole(env.PAGES, DROPPED), env.PAGES),
    objects: this.#over(whole(env.FILES, DROPPED), env.FILES),
    database: this.#over(env.DB),
    cache: this.#over(caches.default),
  } satisfies Partial<Platform>;

  /** @param known what `counts` knows the binding as */
  #over<T extends object>(binding: T, known: object = binding): T {
    return new Proxy(binding, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== "function") return value;
        return (...args: unknown[]): unknown => {
          const work = (): unknown => Reflect.apply(value, target, args);
          // These touch no store; what they return does.
          if (property === "prepare") return this.#statement(work() as D1PreparedStatement);
          if (property === "resumeMultipartUpload") return this.#over(work() as R2MultipartUpload);
          return this.#operate(work, this.#counts(known, String(property)));
        };
      },
    });
  }

  /** A statement does nothing until it is run; one that is run in a batch must be the real one. */
  #statement(statement: D1PreparedStatement): D1PreparedStatement {
    const { bind, first, all, run } = statement;
    const operate = (work: () => unknown, operation: string) => this.#operate(work, this.#counts(env.DB, operation));
    return Object.assign(statement, {
      bind: (...values: unknown[]) => this.#statement(bind.apply(statement, values)),
      first: async () => operate(() => first.apply(statement), "first"),
      all: async () => operate(() => all.apply(statement), "all"),
      run: async () => operate(() => run.apply(statement), "run"),
    });
  }

  async #operate(work: () => unknown, counts: boolean): Promise<unknown> {
    this.seen++;
    const isOver = this.left < 0 || (this.left === 0 && !this.takesEffect);
    if (counts || this.left <= 0) this.left--;
    if (isOver) throw ENDED();
    const result = await work();
    if (this.left < 0) throw ENDED();
    // An upload in parts has operations of its own.
    return result instanceof Object && "uploadPart" in result ? this.#over(result) : result;
  }
}

const ENDED = () => new Error("the isolate has ended");

/** One whose operation of this number is the last: it has no answer, and takes effect only where it is `done`. */
export function dyingAt(last: number, done: boolean): Dying {
  return Object.assign(new Dying(), { left: last - 1, takesEffect: done });
}
