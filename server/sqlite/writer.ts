import { orDiskFull } from "../disk-full.ts";
import { fileBeside } from "../file-beside.ts";
import type { SqlStatement, WriteResult, WriterRequest } from "./protocol.ts";
import { Thread } from "./thread.ts";

/** The main thread's side of the thread that writes. One for all databases of a process. */
export class Writer {
  readonly #thread: Thread<WriterRequest, readonly WriteResult[]>;

  /** @param file the thread's; tests have one whose disk is slow */
  constructor(file = fileBeside(import.meta.url, "writer-thread")) {
    this.#thread = new Thread(file);
  }

  /** @param durable whether a commit must be on the disk before it is answered */
  async open(file: string, durable: boolean): Promise<void> {
    await orDiskFull(() => this.#thread.ask({ kind: "open", file, durable }), file);
  }

  /**
   * Runs the statements in one transaction. Rejects with SQLite's text where one fails, or with `storage-full`; then none
   * has been done.
   */
  write(file: string, statements: readonly SqlStatement[]): Promise<readonly WriteResult[]> {
    return orDiskFull(() => this.#thread.ask({ kind: "write", file, statements }), file);
  }

  /** Closes the file after all writes to it that were begun. */
  async close(file: string): Promise<void> {
    await this.#thread.ask({ kind: "close", file });
  }

  /** Ends the thread. All files must have been closed. */
  async end(): Promise<void> {
    await this.#thread.end();
  }
}
