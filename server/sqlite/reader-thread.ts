import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { Connection } from "./connection.ts";
import { faultOf, type Asked, type ReaderRequest, type ReaderResult, type Reply } from "./protocol.ts";

/** The thread in which long queries run: on the main thread, everything else would wait for them. */

const port = parentPort;
if (!port) throw new Error("This file runs in a thread of its own.");

const reply = (message: Reply<ReaderResult>) => port.postMessage([message]);
const connection = new Connection(new DatabaseSync(workerData as string, { readOnly: true }));

port.on("message", (asked: readonly Asked<ReaderRequest>[]) => {
  for (const { id, request } of asked) {
    const begun = performance.now();
    try {
      const rows = connection.together(request.statements);
      reply({ id, result: { rows, duration: performance.now() - begun } });
    } catch (error) {
      reply({ id, error: faultOf(error) });
    }
  }
});
