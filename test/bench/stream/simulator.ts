/** The local runtime without pypi-edge. */
import { join } from "node:path";
import { type Answer, request } from "../harness/http.ts";
import { freePort } from "../../../cli/demo/process.ts";
import { type Running, start } from "../harness/processes.ts";
import { REPOSITORY_ROOT } from "../harness/tools.ts";
import { DOWNLOAD_MS } from "./download.ts";
import type { LargeFile } from "./files.ts";
import type { Origin } from "./origin.ts";

/** A worker that only passes on, stores or reads a body: what remains is the local runtime's and its R2's share. */
export interface Simulator extends Running {
  /** An answer that is the upstream's, untouched. */
  passUrl(file: LargeFile): URL;
  /** An answer that is read from R2. */
  readonly storedUrl: URL;
  /** Resolves when the upstream's body is in R2. */
  put(file: LargeFile): Promise<Answer>;
}

export async function startSimulator(origin: Origin, state: string): Promise<Simulator> {
  const port = await freePort();
  const script = join(import.meta.dirname, "simulator-server.ts");
  const running = await start(
    [process.execPath, script, `${port}`, state],
    { line: /ready/ },
    { cwd: REPOSITORY_ROOT },
  );
  const at = (path: string, query: Readonly<Record<string, string>>): URL =>
    new URL(`http://127.0.0.1:${port}/${path}?${new URLSearchParams(query)}`);
  const upstreamOf = (file: LargeFile): string => origin.fileUrl(file).href;
  return {
    ...running,
    passUrl: (file) => at("pass", { url: upstreamOf(file) }),
    storedUrl: at("get", {}),
    put: (file) => request(at("put", { url: upstreamOf(file), sha256: file.sha256 }), {}, DOWNLOAD_MS),
  };
}
