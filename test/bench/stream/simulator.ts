/** A worker that only passes on, stores or reads a body: what remains is the local runtime's and its R2's share. */
import { join } from "node:path";
import { type Answer, request } from "../harness/http.ts";
import type { Running } from "../harness/processes.ts";
import { startSimulator } from "../harness/simulator.ts";
import { DOWNLOAD_MS } from "./download.ts";
import type { LargeFile } from "./files.ts";
import type { Origin } from "./origin.ts";

export interface FileSimulator extends Running {
  /** An answer that is the upstream's, untouched. */
  passUrl(file: LargeFile): URL;
  /** An answer that is read from R2. */
  readonly storedUrl: URL;
  /** Resolves when the upstream's body is in R2. */
  put(file: LargeFile): Promise<Answer>;
}

export async function startFileSimulator(origin: Origin, state: string): Promise<FileSimulator> {
  const { at, ...running } = await startSimulator(join(import.meta.dirname, "simulator-worker.js"), state);
  const upstreamOf = (file: LargeFile): string => origin.fileUrl(file).href;
  return {
    ...running,
    passUrl: (file) => at("pass", { url: upstreamOf(file) }),
    storedUrl: at("get", {}),
    put: (file) => request(at("put", { url: upstreamOf(file), sha256: file.sha256 }), {}, DOWNLOAD_MS),
  };
}
