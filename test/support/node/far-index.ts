import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { freePort, startServer, type Outcome, type StartedServer } from "../../../cli/demo/process.ts";
import { CLI, pypiEdge } from "./command.ts";

/** A pypi-edge behind an air gap: its default index has what is carried to it. */
export class FarIndex {
  /** The state directory. */
  readonly state = temporaryDirectory();
  readonly #port: number;
  readonly #config = join(temporaryDirectory(), "pypi-edge.toml");
  #server: StartedServer | undefined;

  private constructor(port: number) {
    this.#port = port;
  }

  /** Starts one that takes what this key has signed. */
  static async open(key: string): Promise<FarIndex> {
    const far = new FarIndex(await freePort());
    far.#configure(`key = "${key}"`);
    await far.start();
    return far;
  }

  /** Starts it anew, over what it has, with these lines as the keys of its source. */
  async changeKeys(lines: string): Promise<void> {
    await this.#server?.stop();
    this.#configure(lines);
    await this.start();
  }

  #configure(keys: string): void {
    writeFileSync(
      this.#config,
      `[vars.UPSTREAMS.carried]\nkind = "offline"\n${keys}\n[vars.INDEXES.default]\nsources = ["carried"]\npolicy = { malware = "enforce" }\n`,
    );
  }

  /** What the server has said since it was started. */
  get log(): string {
    return this.#server?.output() ?? "";
  }

  /** The root of its Simple API. */
  get index(): string {
    return `http://127.0.0.1:${this.#port}/simple/`;
  }

  async start(): Promise<void> {
    const args = ["--port", `${this.#port}`, "--state", this.state, "--config", this.#config, "--log", "text"];
    this.#server = await startServer(process.execPath, [CLI, "serve", ...args, "--no-cron"], /\bready\b/);
  }

  /** Ends it in the midst of whatever it does. */
  async kill(): Promise<void> {
    await this.#server?.kill();
    this.#server = undefined;
  }

  /** Starts it with nothing stored. */
  async startAnew(): Promise<void> {
    await this.#server?.stop();
    rmSync(this.state, { recursive: true });
    await this.start();
  }

  /** The options with which commands find it. */
  get access(): string[] {
    return ["--url", new URL("/", this.index).href, "--state", this.state];
  }

  /** The words of `pypi-edge import` for these folders. */
  importWords(...folders: readonly string[]): string[] {
    return ["import", ...folders, ...this.access];
  }

  import(cwd: string, ...folders: readonly string[]): Promise<Outcome> {
    return pypiEdge(this.importWords(...folders), cwd);
  }

  async close(): Promise<void> {
    await this.#server?.stop();
    removeDirectory(this.state);
  }
}
