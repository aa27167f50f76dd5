import { join } from "node:path";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";
import { freePort, startServer, type StartedServer } from "./process.ts";

/** A running pypi-edge. */
export interface Product extends StartedServer {
  /** The root of its Simple API. */
  readonly index: string;
}

const COMMAND = join(PROJECT_FOLDER, "bin", "pypi-edge.js");

interface Settings {
  /** The port to listen on, else a free one: pages stored under one address are not served under another. */
  readonly port?: number | undefined;
  /** A file with upstreams and indexes. */
  readonly config?: string;
  /** What Node runs; where it is left out, `pypi-edge serve`. */
  readonly program?: readonly string[] | undefined;
  /** Options of `serve` beside these. */
  readonly also?: readonly string[];
  /** Variables of its environment beside those of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts pypi-edge over `upstream`; it stores in the directory `state`. It fires no crons. */
export async function startProduct(upstream: string, state: string, settings: Settings = {}): Promise<Product> {
  const port = settings.port ?? (await freePort());
  const own = settings.config === undefined ? [] : ["--config", settings.config];
  const { also = [], program = [COMMAND, "serve"], env = {} } = settings;
  const args = [
    "--port",
    `${port}`,
    "--upstream",
    upstream,
    "--state",
    state,
    "--no-cron",
    "--quiet",
    "--log",
    "text",
    ...own,
    ...also,
  ];
  const server = await startServer(process.execPath, [...program, ...args], /\bready\b/, {
    env: { ...process.env, ...env },
  });
  return { ...server, index: `http://127.0.0.1:${port}/simple/` };
}
