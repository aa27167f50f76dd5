import type { FileEntry } from "./page.ts";
import { lineOf, type Lines } from "./simple-json.ts";

const [LINE_END, COMMA] = [0x0a, 0x2c];

/**
 * The lines of a page's files, of which some are left out or replaced. Those that stay are neither parsed nor decoded, and stay
 * together in one piece. For each file, in the order of the page, one of `keep`, `leaveOut` and `replace` is called.
 */
export class ChangedLines {
  readonly #body: Uint8Array;
  readonly #pieces: Lines[] = [];
  /** Where the next line begins. */
  #next: number;
  /** Where the lines begin that stay; undefined where the one before does not. */
  #begin: number | undefined;

  /** @param body all lines of the page but the first, as `renderJson` has them */
  constructor(body: Uint8Array) {
    this.#body = body;
    this.#next = body.indexOf(LINE_END) + 1;
  }

  keep(): void {
    this.#begin ??= this.#next;
    this.#pass();
  }

  leaveOut(): void {
    this.#cut();
    this.#pass();
  }

  /** Returns the entry that `change` makes of the line's. */
  replace(change: (entry: FileEntry) => FileEntry): FileEntry {
    this.#cut();
    const begin = this.#next;
    this.#pass();
    const entry = change(JSON.parse(new TextDecoder().decode(this.#piece(begin))) as FileEntry);
    this.#pieces.push(lineOf(entry));
    return entry;
  }

  /** The lines that are left, after the last file. */
  pieces(): readonly Lines[] {
    this.#cut();
    return this.#pieces;
  }

  #pass(): void {
    this.#next = this.#body.indexOf(LINE_END, this.#next) + 1;
  }

  #cut(): void {
    if (this.#begin !== undefined) this.#pieces.push(this.#piece(this.#begin));
    this.#begin = undefined;
  }

  /** What stands between there and the next line, without what separates it from that. */
  #piece(begin: number): Uint8Array {
    const end = this.#next - 1;
    return this.#body.subarray(begin, this.#body[end - 1] === COMMA ? end - 1 : end);
  }
}
