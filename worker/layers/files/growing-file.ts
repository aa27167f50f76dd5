import { SECOND } from "../../duration.ts";
import type { Spool } from "../../platform/spool.ts";
import type { Artifact } from "../../repository/artifact.ts";
import type { FileSink } from "../../repository/ports/files.ts";
import { resolveRange, type Part, type RangeSpec } from "../../repository/range.ts";
import { brokenTransfer, WrongFileBytes, type Sink } from "../../repository/sinks.ts";
import { within } from "../../repository/timeout.ts";

/**
 * The end of a file that is held back until all of it is verified: a wheel's ZIP directory ends there, so that nothing
 * opens what a client has of a file that was refused. Bytes.
 */
const HELD_BACK = 64 * 1024;

/** How long the bytes of a small file are waited for; then they are sent as they come. Milliseconds. */
const SOON = SECOND;

/** Size of one read of the spool. Bytes. */
const CHUNK = 256 * 1024;

/** A part that begins so far beyond what has arrived is better asked of the upstream than waited for. Bytes. */
const WORTH_WAITING = 16 * 1024 * 1024;

/** A file that is being fetched from the upstream into a spool, as those who follow it see it. */
export class GrowingFile {
  /** What is known of the file, without its bytes. */
  readonly facts: Artifact;
  readonly #spool: Spool;
  #written = 0;
  #state: "growing" | "verified" | "broken" = "growing";
  #hasLostBytes = false;
  #refusal: WrongFileBytes | undefined;
  #isClosed = false;
  #readers = 0;
  #isBeingStored = false;
  /** Resolves with the next bytes, and with the end. */
  #progress = Promise.withResolvers<void>();

  constructor(source: Artifact, spool: Spool) {
    this.facts = { ...source, body: null };
    this.#spool = spool;
  }

  /** Whether it is broken because the spool could not take its bytes. */
  get hasLostBytes(): boolean {
    return this.#hasLostBytes;
  }

  /** Why it is broken, where its bytes are others than its page lists. */
  get refusal(): WrongFileBytes | undefined {
    return this.#refusal;
  }

  /** The digest of its bytes, by the algorithm that its page names. No more bytes may come. */
  digest(): string | undefined {
    return this.#spool.digest();
  }

  /** @param store makes all bytes the stored file */
  storedBy(store: (content: ReadableStream<Uint8Array> | Uint8Array) => Promise<void>): FileSink {
    return {
      write: (chunk) => this.#write(chunk),
      commit: async () => {
        this.#isBeingStored = true;
        try {
          await store(this.#spool.content());
        } finally {
          this.#isBeingStored = false;
          this.#closeUnused();
        }
      },
      abort: () => Promise.resolve(),
    };
  }

  /** Those who follow the file: they get its last bytes on `commit`, and an error on `abort`. */
  get followers(): Sink {
    const isBroken = () => this.#state === "broken";
    return {
      get left() {
        return isBroken();
      },
      write: () => Promise.resolve(),
      commit: async () => this.#end("verified"),
      abort: async (reason) => {
        if (reason instanceof WrongFileBytes) this.#refusal = reason;
        this.#end("broken");
      },
    };
  }

  /**
   * The file for one client. Its body gives the bytes as they arrive and the last ones once the file is verified, and
   * fails where it is refused. null where the fill has ended and the spool is closed.
   */
  whole(): Artifact | null {
    return this.#isClosed ? null : { ...this.facts, body: this.#body(0, Infinity) };
  }

  /**
   * The same; the bytes themselves where they are few and come soon: nothing of such a file may be given before its end,
   * and a stream would cost more than the bytes. null also where they are refused meanwhile.
   */
  async wholeSoon(): Promise<Artifact | null> {
    const { size } = this.facts;
    if (this.#isClosed || size === undefined || size > HELD_BACK) return this.whole();
    this.#readers += 1;
    try {
      const bytes = new Uint8Array(size);
      const read = async () => this.#spool.read(bytes.subarray(0, await this.#ready(0, size, () => false)), 0);
      const count = await within(
        SOON,
        read().catch(() => 0),
      );
      if (count === size) return { ...this.facts, body: bytes };
      if (this.#refusal) return null;
      // Where its transfer broke off, its stream does, like that of a larger file.
      return { ...this.facts, body: this.#body(0, Infinity) };
    } finally {
      this.#readers -= 1;
      this.#closeUnused();
    }
  }

  /** The same as `whole` for a part. null also where it is not known which part that is, or where it is far from having arrived. */
  part(range: RangeSpec): Artifact | null {
    const { size } = this.facts;
    if (this.#isClosed || size === undefined) return null;
    const part: Part | "unsatisfiable" = resolveRange(range, size);
    if (part === "unsatisfiable") return { ...this.facts, part };
    if (part.offset > this.#written + WORTH_WAITING) return null;
    return { ...this.facts, part, body: this.#body(part.offset, part.offset + part.length) };
  }

  async #write(chunk: Uint8Array): Promise<void> {
    try {
      await this.#spool.write(chunk);
    } catch (error) {
      this.#hasLostBytes = true;
      this.#end("broken");
      throw error;
    }
    this.#written += chunk.byteLength;
    this.#wake();
  }

  #end(state: "verified" | "broken"): void {
    this.#state = state;
    this.#wake();
    this.#closeUnused();
  }

  #wake(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }

  #closeUnused(): void {
    const isUsed =
      this.#state === "growing" || this.#isBeingStored || (this.#state === "verified" && this.#readers > 0);
    if (isUsed || this.#isClosed) return;
    this.#isClosed = true;
    // What cannot be closed or deleted is no fault of a file that has been served.
    this.#spool.close().catch(() => undefined);
  }

  #body(offset: number, end: number): ReadableStream<Uint8Array> {
    let at = offset;
    let isOver = false;
    this.#readers += 1;

    const leave = () => {
      if (isOver) return;
      isOver = true;
      this.#readers -= 1;
      this.#closeUnused();
    };

    const pull = async (controller: ReadableByteStreamController) => {
      const view = controller.byobRequest?.view;
      if (!view) return;
      try {
        const size = Math.min(await this.#ready(at, end, () => isOver), view.byteLength);
        if (isOver) return;
        const memory = new Uint8Array(view.buffer, view.byteOffset, size);
        const read = size === 0 ? 0 : await this.#spool.read(memory, at);
        if (isOver) return;
        if (read === 0 && size > 0) throw new Error(`A spool has lost what was written at ${at}.`);
        at += read;
        const isEnd = at === end || (this.#state === "verified" && at === this.#written);
        if (read > 0) controller.byobRequest?.respond(read);
        if (!isEnd) return;
        leave();
        controller.close();
        // A reader that waits is told of the end only so.
        controller.byobRequest?.respond(0);
      } catch (error) {
        leave();
        throw error;
      }
    };

    // Memory is filled with zeros: a small file takes no more than it needs.
    const chunk = Math.max(1, Math.min(CHUNK, end - offset, this.facts.size ?? CHUNK));
    return new ReadableStream(
      { type: "bytes", autoAllocateChunkSize: chunk, pull, cancel: leave },
      { highWaterMark: 0 },
    );
  }

  /** Waits for bytes that may be given. How many there are from `at`; 0 at the end of the file. */
  async #ready(at: number, end: number, isOver: () => boolean): Promise<number> {
    for (;;) {
      if (this.#state === "broken") throw brokenTransfer();
      const ready = Math.min(this.#free(), end) - at;
      if (ready > 0) return ready;
      if (this.#state === "verified" || isOver()) return 0;
      await this.#progress.promise;
    }
  }

  /** How many bytes, from the first one, may be given. */
  #free(): number {
    if (this.#state === "verified") return this.#written;
    return Math.min(this.#written, (this.facts.size ?? this.#written) - HELD_BACK);
  }
}
