import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { run, type Outcome } from "../../../cli/demo/process.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import { CLI } from "./command.ts";
import { Witness, type Access, type WitnessSource } from "../../../cli/demo/witness.ts";
import type { Client } from "./clients/client.ts";
import { Place } from "./clients/place.ts";

const IN_WORKERD = join(import.meta.dirname, "workerd", "start.ts");

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
  /** The state directory. */
  readonly state = temporaryDirectory();
  readonly #options: readonly string[];
  readonly #program: readonly string[] | undefined;
  #product: Product | null = null;
  #port: number | undefined;

  private constructor(witness: Witness, options: readonly string[], program?: readonly string[]) {
    this.witness = witness;
    this.#options = options;
    this.#program = program;
  }

  /** Starts one, with these options of `npm start`, in front of the index that `source` is. */
  static async open(source: WitnessSource, ...options: string[]): Promise<Rig> {
    return Rig.#started(new Rig(await new Witness(source).start(), options));
  }

  /** Starts the bundle that is deployed to Cloudflare, in workerd over simulated stores. */
  static async inWorkerd(source: WitnessSource): Promise<Rig> {
    return Rig.#started(new Rig(await new Witness(source).start(), [], [IN_WORKERD]));
  }

  static async #started(rig: Rig): Promise<Rig> {
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

  /** The port that it listens on whenever it is started. */
  get port(): number {
    return this.#port ?? 0;
  }

  /** Whether it stores in SQLite and files. */
  get isOnMachine(): boolean {
    return this.#program === undefined;
  }

  /** Rows of one of its SQLite files, as they are now. */
  rows<Row>(file: "database" | "objects" | "queues", query: string): Row[] {
    const db = new DatabaseSync(join(this.state, `${file}.sqlite`), { readOnly: true });
    try {
      return db.prepare(query).all() as unknown as Row[];
    } finally {
      db.close();
    }
  }

  /** What the product has said since it was started: a line for each problem. */
  get log(): string {
    return this.#product?.output() ?? "";
  }

  /** Starts the product on what it has stored, the first time on a free port, later on that same one. */
  async start(): Promise<void> {
    const settings = { port: this.#port, also: this.#options, program: this.#program };
    this.#product = await startProduct(this.witness.index, this.state, settings);
    this.#port = Number(new URL(this.#product.index).port);
  }

  /** Runs one of the product's other commands, such as `jobs run feed`, against it. */
  command(...words: string[]): Promise<Outcome> {
    return this.commandIn(process.env, ...words);
  }

  /** The same with these variables. */
  commandIn(env: NodeJS.ProcessEnv, ...words: string[]): Promise<Outcome> {
    const where = ["--url", new URL("/", this.index).href, "--state", this.state];
    return run(process.execPath, [CLI, ...words, ...where], { env });
  }

  /** A request to the product's admin API. */
  ask(path: string, body: Uint8Array<ArrayBuffer>): Promise<Response> {
    const token = readFileSync(join(this.state, "admin-token"), "utf8").trim();
    const headers = { Authorization: `Bearer ${token}` };
    return fetch(new URL(`/-/api/${path}`, this.index), { method: "POST", headers, body });
  }

  /** Ends the product; what it has stored stays. */
  async stop(): Promise<void> {
    const product = this.#product;
    this.#product = null;
    await product?.stop();
  }

  /** Ends the product in the midst of whatever it does; what it has stored stays as it is then. */
  async kill(): Promise<void> {
    const product = this.#product;
    this.#product = null;
    await product?.kill();
  }

  /** Ends the product, and starts it with nothing stored. */
  async startAnew(): Promise<void> {
    await this.stop();
    rmSync(this.state, { recursive: true });
    await this.start();
  }

  /** Ends everything and removes what was stored. */
  async close(): Promise<void> {
    await this.stop();
    await this.witness.stop();
    removeDirectory(this.state);
  }

  /**
   * Installs into a new environment, without a client cache, then imports `modules` there.
   *
   * @param index the root of a Simple API of the product
   */
  async install(client: Client, requirement: string, modules: readonly string[], index = this.index): Promise<Install> {
    const place = await Place.make();
    try {
      this.witness.take();
      const { code, output } = await client.install(requirement, index, place);
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
