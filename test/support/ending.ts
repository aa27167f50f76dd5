import { env } from "cloudflare:workers";

/** An isolate that ends at some operation of a store: from then on nothing that it does reaches them. */
export class Ending {
  /** How many operations it has done. */
  operations = 0;
  readonly #last: number;
  readonly #done: boolean;

  /**
   * @param last the number of its last operation; the first is 1
   * @param done whether that one is done before it ends
   */
  constructor(last = Infinity, done = false) {
    this.#last = last;
    this.#done = done;
  }

  readonly FILES: R2Bucket = this.#over(env.FILES, {
    resumeMultipartUpload: (upload: R2MultipartUpload) => this.#over(upload, {}),
  });
  readonly DB: D1Database = this.#over(env.DB, {
    prepare: (statement: D1PreparedStatement) => this.#statement(statement),
  });

  /** A statement does nothing until it is run; one that is run in a batch must be the real one. */
  #statement(statement: D1PreparedStatement): D1PreparedStatement {
    const { bind, first, run } = statement;
    return Object.assign(statement, {
      bind: (...values: unknown[]) => this.#statement(bind.apply(statement, values)),
      first: async () => this.#do(() => first.apply(statement)),
      run: async () => this.#do(() => run.apply(statement)),
    });
  }

  /** What `silent` names touches no store, and what it returns is watched as well. */
  #over<T extends object>(binding: T, silent: Record<string, (result: never) => unknown>): T {
    return new Proxy(binding, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property);
        if (typeof value !== "function") return value;
        const watched = silent[String(property)];
        return (...args: unknown[]): unknown => {
          const call = () => Reflect.apply(value, target, args) as unknown;
          return watched ? watched(call() as never) : this.#do(call);
        };
      },
    });
  }

  async #do(operation: () => unknown): Promise<unknown> {
    const number = ++this.operations;
    if (number > this.#last || (number === this.#last && !this.#done)) throw new Error("the isolate has ended");
    const result = await operation();
    if (number === this.#last) throw new Error("the isolate has ended");
    return result;
  }
}
