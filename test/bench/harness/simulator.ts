/** The local runtime without pypi-edge, so that its own share of a figure can be told apart. */
import { join } from "node:path";
import { freePort } from "../../../cli/demo/process.ts";
import { type Running, start } from "./processes.ts";
import { REPOSITORY_ROOT } from "./tools.ts";

const SERVER = join(import.meta.dirname, "simulator-server.ts");

export interface Simulator extends Running {
  /** Where the worker is asked to do `path`. */
  at(path: string, query: Readonly<Record<string, string>>): URL;
}

/** Serves the worker in the file `worker`, which has a KV namespace and an R2 bucket, from the state in `state`. */
export async function startSimulator(worker: string, state: string): Promise<Simulator> {
  const port = await freePort();
  const command = [process.execPath, SERVER, worker, `${port}`, state];
  const running = await start(command, { line: /ready/ }, { cwd: REPOSITORY_ROOT });
  return { ...running, at: (path, query) => new URL(`http://127.0.0.1:${port}/${path}?${new URLSearchParams(query)}`) };
}
