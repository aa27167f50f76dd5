/** The thread's half of upstream.ts. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import type { ThreadData } from "./upstream.ts";

/** Longer than any benchmark pauses: a connection that has just been closed would be one more to make. Milliseconds. */
const KEEP_ALIVE = 60_000;

/** Answers one request; `path` is decoded and has no query. A rejection breaks the connection. */
export type Handler = (path: string, request: IncomingMessage, response: ServerResponse) => Promise<void>;

const given = workerData as ThreadData;

/** What the benchmark gave. */
export const { data } = given;

/** Serves on a free port of the loopback interface. */
export function serve(handler: Handler): void {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE }, (request, response) => {
    Atomics.add(given.requests, 0, 1);
    const path = decodeURIComponent((request.url ?? "/").replace(/\?.*$/, ""));
    handler(path, request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1", () => parentPort?.postMessage((server.address() as AddressInfo).port));
}
