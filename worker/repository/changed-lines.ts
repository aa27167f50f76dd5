import type { FileEntry } from "../pypi/page.ts";
import { lineOf } from "../pypi/simple-json.ts";
import { joined } from "./give-way.ts";
import { LINE_END, Stretch } from "./stretches.ts";

const FOLLOWED = ",\n";
const [ENCODER, DECODER] = [new TextEncoder(), new TextDecoder()];
const CLOSING = ENCODER.encode("\n]}\n");

/**
 * The lines of a page's files, of which some are left out or replaced. Those that stay are neither parsed nor decoded, and a stretch
 * of which all stay is taken as it is. For each file, in the order of the page, one of `keep`, `leaveOut` and `replace` is called.
 */
export class ChangedLines {
  readonly #stretches: readonly Stretch[];
  readonly #made: Stretch[] = [];
  /** The stretch of the next line. */
  #at = 0;
  #lines: Uint8Array;
  /** Where the next line begins. */
  #next = 0;
  /** Where the lines begin that stay; undefined where the one before does not. */
  #begin: number | undefined;
  /** What there is of this stretch so far, but for lines that stay since `#begin`. */
  #pieces: Uint8Array[] = [];
  #isLastLeftOut = false;

  /** @param stretches those of a page, as `stretchesOf` gives them */
  constructor(stretches: readonly Stretch[]) {
    this.#stretches = stretches;
    this.#lines = stretches[0]?.lines ?? CLOSING;
  }

  keep(): void {
    this.#begin ??= this.#next;
    this.#isLastLeftOut = false;
    this.#pass();
  }

  leaveOut(): void {
    this.#cut();
    this.#isLastLeftOut = true;
    this.#pass();
  }

  /** Returns the entry that `change` makes of the line's. */
  replace(change: (entry: FileEntry) => FileEntry): FileEntry {
    this.#cut();
    const end = this.#lines.indexOf(LINE_END, this.#next) + 1;
    const text = DECODER.decode(this.#lines.subarray(this.#next, end));
    const isFollowed = text.endsWith(FOLLOWED);
    const entry = change(JSON.parse(isFollowed ? text.slice(0, -FOLLOWED.length) : text) as FileEntry);
    this.#pieces.push(ENCODER.encode(lineOf(entry) + (isFollowed ? FOLLOWED : "\n")));
    this.#isLastLeftOut = false;
    this.#pass();
    return entry;
  }

  /** What is left, of which at least one file must be, with the line that closes the page: after the last file. */
  stretches(): readonly Stretch[] {
    if (this.#isLastLeftOut) {
      const pieces = this.#pieces.length > 0 ? this.#pieces : [this.#made.pop()?.lines ?? CLOSING];
      const last = pieces.at(-1) ?? CLOSING;
      this.#pieces = [...pieces.slice(0, -1), last.subarray(0, -FOLLOWED.length), CLOSING];
    } else {
      this.#begin ??= this.#next;
      this.#next = this.#lines.length;
    }
    this.#finish();
    return this.#made;
  }

  #pass(): void {
    this.#next = this.#lines.indexOf(LINE_END, this.#next) + 1;
    if (this.#next === this.#lines.length) this.#finish();
  }

  #cut(): void {
    if (this.#begin !== undefined && this.#begin < this.#next) {
      this.#pieces.push(this.#lines.subarray(this.#begin, this.#next));
    }
    this.#begin = undefined;
  }

  /** Ends a stretch. */
  #finish(): void {
    const stretch = this.#stretches[this.#at];
    if (stretch && this.#begin === 0 && this.#next === stretch.lines.length) this.#made.push(stretch);
    else {
      this.#cut();
      const size = this.#pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
      if (size > 0) this.#made.push(new Stretch(joined(this.#pieces, size)));
    }
    this.#at += 1;
    this.#lines = this.#stretches[this.#at]?.lines ?? CLOSING;
    this.#next = 0;
    this.#begin = undefined;
    this.#pieces = [];
  }
}
