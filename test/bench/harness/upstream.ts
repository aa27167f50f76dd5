/** An upstream of a benchmark's own making, in a thread of its own: its work delays no client and is in no other figure. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

export interface Upstream {
  /** Root of its Simple API. */
  readonly simple: URL;
  /** How many requests it has been sent so far. */
  requests(): number;
  stop(): Promise<unknown>;
}

/** What the thread is given. */
export interface ThreadData {
  /** One number, shared, so that it is never behind. */
  readonly requests: Int32Array;
  /** What the benchmark gives its own script. */
  readonly data: unknown;
}

/** Runs `script`, which calls `serve` of upstream-thread.ts and finds `data` there, and waits until it listens. */
export async function startUpstream(script: URL, data: unknown): Promise<Upstream> {
  const requests = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const thread = new Worker(fileURLToPath(script.href), { workerData: { requests, data } satisfies ThreadData });
  thread.unref();
  const [port] = (await once(thread, "message")) as [number];
  thread.on("error", (error) => {
    throw error;
  });
  return {
    simple: new URL(`http://127.0.0.1:${port}/simple/`),
    requests: () => Atomics.load(requests, 0),
    stop: () => thread.terminate(),
  };
}
