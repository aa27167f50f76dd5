import { fileBeside } from "../file-beside.ts";
import type { ReaderRequest, ReaderResult, SqlStatement } from "./protocol.ts";
import { Thread } from "./thread.ts";

/** The main thread's side of a thread that runs long queries of one SQLite file. */
export class Reader {
  readonly #thread: Thread<ReaderRequest, ReaderResult>;

  /** @param file it exists */
  constructor(file: string) {
    this.#thread = new Thread(fileBeside(import.meta.url, "reader-thread"), file);
  }

  /** Reads all from one state of the database: one that has every write that was answered before. */
  read(statements: readonly SqlStatement[]): Promise<ReaderResult> {
    return this.#thread.ask({ statements });
  }

  async end(): Promise<void> {
    await this.#thread.end();
  }
}
