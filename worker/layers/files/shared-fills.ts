import { MINUTE } from "../../duration.ts";
import { messageOf } from "../../errors.ts";
import { digestText, type Digest } from "../../pypi/page.ts";
import { type FileRef, fileLabel } from "../../pypi/file-url.ts";
import type { OpenSpool } from "../../platform/spool.ts";
import type { Artifact } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import type { Marks } from "../../repository/ports/freshness.ts";
import { GrowingFile } from "./growing-file.ts";
import type { TransferEnd } from "./transfer.ts";

/** How long a fill that has ended is remembered: longer than a request takes to find a file's page. Milliseconds. */
const ENDED_TTL = MINUTE;

/** No spool is opened for so long after one could not take its bytes: files are passed on meanwhile. Milliseconds. */
const BROKEN_TTL = MINUTE;

/** A fill that is under way. */
export interface SharedFill {
  readonly growing: GrowingFile;
  /** Does not reject. */
  readonly ended: Promise<TransferEnd>;
}

/** Reads a file's bytes into a spool, and stores them. */
type Fill<Opened> = (opened: Opened, growing: GrowingFile, body: ReadableStream<Uint8Array>) => Promise<TransferEnd>;

/**
 * The fills of one source that are under way, for requests to follow. A fill goes on without clients, at the pace of the
 * upstream and of the platform's spool.
 */
export class SharedFills {
  readonly #openSpool: OpenSpool;
  readonly #limit: number;
  readonly #ended: Marks;
  readonly #now: () => number;
  readonly #underWay = new Map<string, Promise<SharedFill | null>>();
  #brokenUntil = 0;

  /**
   * @param limit bytes: larger files are not stored while others follow them
   * @param ended where fills are remembered that have stored their files
   */
  constructor(openSpool: OpenSpool, limit: number, ended: Marks, now: () => number) {
    this.#openSpool = openSpool;
    this.#limit = limit;
    this.#ended = ended;
    this.#now = now;
  }

  /** Whether a fill of this file has begun and not ended. */
  has(ref: FileRef): boolean {
    return this.#underWay.has(fileLabel(ref));
  }

  /** Whether a fill has stored this file a moment ago: who has not found it in the store before looks again. */
  hasJustStored(ref: FileRef, ctx: Context): boolean {
    return this.#ended.get(fileLabel(ref), ctx.now) === true;
  }

  /**
   * The fill of this file that is under way, if there is one of these bytes that can be followed. Rejects as the fill's
   * beginning does.
   *
   * @param digest what the file's page says
   */
  async find(ref: FileRef, digest: Digest | undefined): Promise<SharedFill | null> {
    const fill = await this.#underWay.get(fileLabel(ref));
    const found = fill?.growing.facts.digest;
    return fill && (found && digestText(found)) === (digest && digestText(digest)) ? fill : null;
  }

  /**
   * Begins a fill of a file that has none under way. Rejects as `open` does.
   *
   * @param open opens the upstream's file; null where there is none
   * @returns what was opened; and the fill, null where the file cannot be shared: its body is then unread
   */
  async begin<Opened extends { readonly source: Artifact } | null>(
    ref: FileRef,
    open: () => Promise<Opened>,
    fill: Fill<NonNullable<Opened>>,
    ctx: Context,
  ): Promise<{ readonly opened: Opened; readonly fill: SharedFill | null }> {
    const label = fileLabel(ref);
    const { promise, resolve, reject } = Promise.withResolvers<SharedFill | null>();
    // The error is thrown to the request that began the fill: without followers nothing else handles this rejection.
    promise.catch(() => undefined);
    this.#underWay.set(label, promise);
    const forget = () => void this.#underWay.delete(label);
    try {
      const opened = await open();
      const growing = opened && (await this.#grow(label, opened.source, ctx));
      if (!growing) {
        forget();
        resolve(null);
        return { opened, fill: null };
      }
      const ended = fill(opened, growing, opened.source.body as ReadableStream<Uint8Array>)
        .then((end) => {
          if (end.kind === "stored") this.#ended.set(label, true, 0, this.#now() + ENDED_TTL);
          if (growing.hasLostBytes) this.#brokenUntil = this.#now() + BROKEN_TTL;
          return end;
        })
        .finally(forget);
      ctx.defer(ended);
      const begun = { growing, ended };
      resolve(begun);
      return { opened, fill: begun };
    } catch (error) {
      forget();
      reject(error);
      throw error;
    }
  }

  /** A spool for a file; null where there is none, and for a part or bytes in memory. */
  async #grow(label: string, source: Artifact, ctx: Context): Promise<GrowingFile | null> {
    const { size = 0, digest, body, part } = source;
    if (!(body instanceof ReadableStream) || part || size > this.#limit || this.#now() < this.#brokenUntil) return null;
    try {
      return new GrowingFile(source, await this.#openSpool({ size: source.size, algorithm: digest?.algorithm }));
    } catch (error) {
      ctx.report({ event: "storage-failed", what: label, reason: messageOf(error) });
      return null;
    }
  }
}
