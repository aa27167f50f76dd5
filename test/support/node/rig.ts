import { discard, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import { Witness, type Access, type Source } from "../../../cli/demo/witness.ts";
import type { Client } from "./clients/client.ts";
import { Place } from "./clients/place.ts";

/** One install by a client: how it ended, and what reached the upstream meanwhile. */
export interface Install {
  /** 0 when the client succeeded and what it installed could be imported. */
  readonly code: number | null;
  readonly output: string;
  readonly requests: readonly Access[];
}

/** pypi-edge with an empty store of its own, over an index that is watched. */
export class Rig {
  readonly witness: Witness;
  readonly #state = temporaryDirectory();
  #product: Product | null = null;
  #port: number | undefined;

  private constructor(witness: Witness) {
    this.witness = witness;
  }

  /** Starts one in front of the index that `source` is. */
  static async open(source: Source): Promise<Rig> {
    const rig = new Rig(await new Witness(source).start());
    try {
      await rig.start();
      return rig;
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  /** The root of the product's Simple API. */
  get index(): string {
    if (this.#product === null) throw new Error("the product is not running");
    return this.#product.index;
  }

  /** What the product has said since it was started: a line for each problem. */
  get log(): string {
    return this.#product?.output() ?? "";
  }

  /** Starts the product on what it has stored, the first time on a free port, later on that same one. */
  async start(): Promise<void> {
    this.#product = await startProduct(this.witness.index, this.#state, { port: this.#port });
    this.#port = Number(new URL(this.#product.index).port);
  }

  /** Ends the product; what it has stored stays. */
  async stop(): Promise<void> {
    const product = this.#product;
    this.#product = null;
    await product?.stop();
  }

  /** Ends everything and removes what was stored. */
  async close(): Promise<void> {
    await this.stop();
    await this.witness.stop();
    discard(this.#state);
  }

  /** Installs into a new environment, without a client cache, then imports `modules` there. */
  async install(client: Client, requirement: string, modules: readonly string[]): Promise<Install> {
    const place = await Place.make();
    try {
      this.witness.take();
      const { code, output } = await client.install(requirement, this.index, place);
      const requests = this.witness.take();
      if (code !== 0) return { code, output, requests };
      const used = await place.python(`import ${modules.join(", ")}`);
      return { code: used.code, output: output + used.output, requests };
    } finally {
      place.remove();
    }
  }
}

/** The paths among these requests that end so, as often as they were asked for. */
export function paths(requests: readonly Access[], ending: string): string[] {
  return requests.map(({ path }) => decodeURIComponent(path)).filter((path) => path.endsWith(ending));
}

/** The requests that were made more than once. */
export function repeated(requests: readonly Access[]): string[] {
  const lines = requests.map(({ method, path }) => `${method} ${path}`);
  return lines.filter((line, index) => lines.indexOf(line) !== index);
}
