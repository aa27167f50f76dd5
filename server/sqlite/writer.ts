import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { SqlStatement, WriteResult, WriterReply, WriterRequest } from "./protocol.ts";

/** The main thread's side of the thread that writes. One for all databases of a process. */
export class Writer {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<readonly WriteResult[]>>();
  #last = 0;

  constructor() {
    const { url } = import.meta;
    // It lies beside this file, as TypeScript in a clone and as JavaScript in a bundle.
    this.#thread = new Worker(fileURLToPath(new URL(`./writer-thread${url.slice(url.lastIndexOf("."))}`, url).href));
    // It ends with the process; `close` of each database has waited for what was begun.
    this.#thread.unref();
    this.#thread.on("message", (reply: WriterReply) => {
      const { id } = reply;
      const waiting = this.#waiting.get(id);
      this.#forget(id);
      if ("error" in reply) waiting?.reject(new Error(reply.error));
      else waiting?.resolve(reply.results);
    });
    this.#thread.on("error", (error) => {
      for (const [id, waiting] of this.#waiting) {
        this.#forget(id);
        waiting.reject(error);
      }
    });
  }

  /** @param durable whether a commit must be on the disk before it is answered */
  async open(file: string, durable: boolean): Promise<void> {
    await this.#ask((id) => ({ kind: "open", id, file, durable }));
  }

  /** Runs the statements in one transaction. Rejects with SQLite's text where one fails; then none has been done. */
  write(file: string, statements: readonly SqlStatement[]): Promise<readonly WriteResult[]> {
    return this.#ask((id) => ({ kind: "write", id, file, statements }));
  }

  /** Closes the file after all writes to it that were begun. */
  async close(file: string): Promise<void> {
    await this.#ask((id) => ({ kind: "close", id, file }));
  }

  /** Ends the thread. All files must have been closed. */
  async end(): Promise<void> {
    await this.#thread.terminate();
  }

  #ask(requestOf: (id: number) => WriterRequest): Promise<readonly WriteResult[]> {
    this.#last += 1;
    const id = this.#last;
    const waiting = Promise.withResolvers<readonly WriteResult[]>();
    this.#waiting.set(id, waiting);
    // A process with a write under way does not end by itself.
    if (this.#waiting.size === 1) this.#thread.ref();
    this.#thread.postMessage(requestOf(id));
    return waiting.promise;
  }

  #forget(id: number): void {
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#thread.unref();
  }
}
