import { Worker } from "node:worker_threads";
import type { Asked, Reply } from "./protocol.ts";

/**
 * Node 22 says of `node:sqlite` that it is experimental, in every thread that loads it. Elsewhere a thread has the options of
 * the process: named here, those of V8 would be refused.
 */
const QUIET = process.versions.node.startsWith("22.")
  ? { execArgv: [...process.execArgv, "--disable-warning=ExperimentalWarning"] }
  : {};

/**
 * The main thread's side of a thread that answers each request once. What is asked while it has something to do waits,
 * and goes there in one message: each message costs as much as a small write.
 */
export class Thread<Request, Result> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<Result>>();
  #unsent: Asked<Request>[] = [];
  /** How many requests the thread has not answered. */
  #sent = 0;
  #isSending = false;
  #last = 0;
  #failure: Error | undefined;

  /** @param data what the thread finds as `workerData` */
  constructor(file: string, data?: unknown) {
    this.#worker = new Worker(file, { workerData: data, ...QUIET });
    // It ends with the process, unless a request is waiting for it.
    this.#worker.unref();
    this.#worker.on("message", (replies: readonly Reply<Result>[]) => {
      for (const reply of replies) {
        const waiting = this.#forget(reply.id);
        if ("error" in reply) waiting?.reject(Object.assign(new Error(reply.error.message), reply.error));
        else waiting?.resolve(reply.result);
      }
      this.#sent -= replies.length;
      this.#sendLater();
    });
    this.#worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#worker.on("exit", () => this.#fail(new Error("The thread has ended.")));
  }

  /** Rejects with the thread's error, which has SQLite's text and its `errcode`. */
  ask(request: Request): Promise<Result> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#last += 1;
    const asked: Asked<Request> = { id: this.#last, request };
    const waiting = Promise.withResolvers<Result>();
    this.#waiting.set(asked.id, waiting);
    if (this.#waiting.size === 1) this.#worker.ref();
    this.#unsent.push(asked);
    this.#sendLater();
    return waiting.promise;
  }

  /** Ends the thread, whatever it is doing. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Sends what is asked in this turn of the event loop, unless the thread has something to do. */
  #sendLater(): void {
    if (this.#isSending || this.#sent > 0 || this.#unsent.length === 0) return;
    this.#isSending = true;
    setImmediate(() => {
      this.#isSending = false;
      this.#sent = this.#unsent.length;
      this.#worker.postMessage(this.#unsent);
      this.#unsent = [];
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const id of this.#waiting.keys()) this.#forget(id)?.reject(this.#failure);
  }

  #forget(id: number): PromiseWithResolvers<Result> | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    return waiting;
  }
}
