import { accessSync, constants, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { bareVariables } from "../../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { run } from "../../../cli/demo/process.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

const OPTIONS = [
  "--headless",
  // It may be root's, and in a container with little shared memory.
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The Chromium that $CHROMIUM names, or one that is installed; undefined where there is none. */
export function findChromium(): string | undefined {
  const named = process.env["CHROMIUM"];
  if (named) return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a script in a page came to: what it returned, or what it threw; and the files that it handed over, by name. */
export interface Visit<Result> {
  readonly result?: Result;
  readonly error?: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

/** A script that is run in a page. */
export interface Script {
  /** A module; its default export is called with the argument, and with a function that hands over a file. */
  readonly path: string;
  readonly argument: unknown;
  /** The host of the page's origin: one of loopback's names. */
  readonly host: "localhost" | "127.0.0.1";
}

/** Runs a script in a page of an origin of its own, in a Chromium that keeps nothing. Rejects where that ends without a result. */
export async function visit<Result>(chromium: string, { path, argument, host }: Script): Promise<Visit<Result>> {
  const files = new Map<string, Buffer>();
  const folder = temporaryDirectory();
  const over = new AbortController();
  let said: Omit<Visit<Result>, "files"> | undefined;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const address = decodeURIComponent(request.url ?? "");
    if (request.method === "PUT") {
      const body = await buffer(request);
      response.end();
      if (address !== "/result") return void files.set(address.slice("/files/".length), body);
      said = JSON.parse(body.toString()) as Omit<Visit<Result>, "files">;
      over.abort();
    } else if (address === "/script.js") {
      response.setHeader("Content-Type", "text/javascript").end(readFileSync(path));
    } else {
      response.setHeader("Content-Type", "text/html").end(page(argument));
    }
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://${host}:${(server.address() as AddressInfo).port}/`;
    const env = { ...bareVariables(), HOME: folder, TMPDIR: folder };
    const args = [...OPTIONS, `--user-data-dir=${join(folder, "profile")}`, url];
    const { output } = await run(chromium, args, { env, timeoutMs: 240_000, signal: over.signal });
    if (said === undefined) throw new Error(`${chromium} ended, and the page had not come to its end:\n${output}`);
    return { ...said, files };
  } finally {
    server.closeAllConnections();
    server.close();
    removeDirectory(folder);
  }
}

const page = (argument: unknown) => `<!DOCTYPE html><title>A page of another origin</title><script type="module">
import work from "./script.js";
const put = (path, body) => fetch(path, { method: "PUT", body });
const hand = (name, bytes) => put("/files/" + encodeURIComponent(name), bytes);
const said = await work(${JSON.stringify(argument).replaceAll("<", "\\u003c")}, hand).then((result) => ({ result }), (error) => ({ error: String(error) }));
await put("/result", JSON.stringify(said));
</script>
`;
