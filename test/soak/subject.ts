import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { startProduct, type Product } from "../../cli/demo/product.ts";
import { PROJECT_FOLDER } from "../../cli/lib/project-folder.ts";
import { SECOND } from "../../worker/duration.ts";
import { processTable, readProcess } from "../bench/harness/process-table.ts";
import { installContainer } from "./container.ts";
import { startFront, type Front } from "./front.ts";

/** The server waits so long for what was begun, and then for its jobs. Milliseconds. */
const STOPS_WITHIN = 60 * SECOND;

export const ADMIN_TOKEN = "the-admin-token-of-the-soak";

/** A page is revalidated after three seconds, so that releases and failures of the upstream reach it within a run. */
const CONFIGURATION = `[vars]
PAGE_TTL = 3
FEED = true
SEED = ["soak-0"]
`;

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "closed meanwhile";
  }
}

/** How `npm start` starts the server: variables, and what Node gets. */
function startAsNpm() {
  const { scripts } = JSON.parse(readFileSync(join(PROJECT_FOLDER, "package.json"), "utf8")) as {
    scripts: { start: string };
  };
  const [variables = "", rest = ""] = scripts.start.split(" node ");
  const env = Object.fromEntries(
    [...variables.matchAll(/(\S+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  return { env, program: rest.split(" ").map((word) => (word.startsWith("bin/") ? join(PROJECT_FOLDER, word) : word)) };
}

/** The server that is tried. It is killed, stopped and started again on the same state and port. */
export class Subject {
  readonly state: string;
  readonly #upstream: string;
  readonly #config: string;
  /** The words after `node`; undefined: those of `npm start`. */
  #program: readonly string[] | undefined;
  /** The nginx that clients ask. */
  #front: Front | undefined;
  #product: Product | undefined;
  #port: number | undefined;
  #startedAt = Infinity;
  #descriptorsAtStart = 0;
  #output = "";
  /** The process groups that it had. */
  readonly #groups: number[] = [];

  /**
   * @param folder an empty folder for its state and its configuration
   * @param upstream the Simple API root that it mirrors
   */
  constructor(folder: string, upstream: string) {
    this.state = join(folder, "state");
    this.#upstream = upstream;
    this.#config = join(folder, "soak.toml");
    writeFileSync(this.#config, CONFIGURATION);
  }

  /** Has it started from the package, as in the image's container. */
  async putIntoContainer(): Promise<void> {
    this.#program = await installContainer(dirname(this.state), this.state);
  }

  /** Has clients ask nginx, which goes on while the server is down. It is to be closed. */
  async putBehindNginx(): Promise<void> {
    // The volume of a container, too, is a place where a server can make its socket and nginx can find it.
    this.#front = await startFront(join(dirname(this.state), "nginx"), join(this.state, "http.sock"));
    this.#port = this.#front.port;
  }

  get isBehindNginx(): boolean {
    return this.#front !== undefined;
  }

  /** Its address for clients, without a final slash. */
  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port ?? 0;
  }

  /** What it has printed, in all its lives. */
  get output(): string {
    return this.#output + (this.#product?.output() ?? "");
  }

  async start(): Promise<void> {
    // Each client has an address of its own, so that failed attempts of one do not lock out the others.
    const proxies = ["--trusted-proxy", this.#front ? "unix,127.0.0.1" : "127.0.0.1"];
    const socket = this.#front ? ["--socket", this.#front.socket, "--public-url", this.origin] : [];
    const also = [...proxies, ...socket, "--admin-token", ADMIN_TOKEN];
    const { env, program } = startAsNpm();
    const settings = { port: this.#port, config: this.#config, also, env, program: this.#program ?? program };
    this.#product = await startProduct(this.#upstream, this.state, settings);
    this.#port = Number(new URL(this.#product.index).port);
    this.#groups.push(this.#product.pid);
    this.#descriptorsAtStart = this.descriptors();
    this.#startedAt = performance.now();
  }

  /** How many descriptors were open when it began to serve. */
  get descriptorsAtStart(): number {
    return this.#descriptorsAtStart;
  }

  get isUp(): boolean {
    return this.#startedAt < Infinity;
  }

  /** Whether it has been running, without a stop, since a moment (`performance.now()`). */
  wasUpSince(moment: number): boolean {
    return this.#startedAt <= moment;
  }

  /** Kills it with its process group. */
  async kill(): Promise<void> {
    if (this.#product) await this.#end((product) => product.kill());
  }

  /** Ends nginx, where there is one. */
  async close(): Promise<void> {
    await this.#front?.stop();
  }

  /** Sends SIGTERM and returns the exit code; null where it had to be killed. */
  stop(): Promise<number | null> {
    return this.#end((product) => product.stop("SIGTERM", STOPS_WITHIN));
  }

  async #end<T>(how: (product: Product) => Promise<T>): Promise<T> {
    const product = this.#product;
    if (!product) throw new Error("The server is not running.");
    this.#startedAt = Infinity;
    const result = await how(product);
    this.#output += product.output();
    this.#product = undefined;
    return result;
  }

  /** Resident bytes; 0 where it is not running, or on another system than Linux. */
  memory(): number {
    const { pid } = this.#product ?? {};
    if (pid === undefined) return 0;
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readProcess(pid, "status"))?.[1] ?? 0);
  }

  /** How many descriptors are open; 0 in the same cases. */
  descriptors(): number {
    try {
      return readdirSync(`/proc/${this.#product?.pid}/fd`).length;
    } catch {
      return 0;
    }
  }

  /** What is open, and how often: files by their names, sockets and pipes by their kinds. */
  openFiles(): string {
    const folder = `/proc/${this.#product?.pid}/fd`;
    const counts = new Map<string, number>();
    for (const each of readdirSync(folder)) {
      const name = basename(targetOf(join(folder, each))).replace(/:\[\d+\]$/, "");
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
  }

  /** Its processes that are left. */
  processes(): string[] {
    return processTable()
      .filter(({ group }) => this.#groups.includes(group))
      .map(({ pid, name }) => `${name} (${pid})`);
  }
}
