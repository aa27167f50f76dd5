import { resolveRange, type RangeSpec } from "../../repository/range.ts";
import type { Artifact, ArtifactFacts } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import type { ObjectHead, Objects } from "../../platform/objects.ts";
import type { StoreCopies } from "../cache/store-copies.ts";
import { Memory } from "../memory.ts";
import { readFacts } from "./custom-metadata.ts";

/** What a copy says of a file. */
interface CopiedFacts extends ArtifactFacts {
  readonly size: number;
  /** R2's ETag of the object. */
  readonly etag: string;
}

/** A file of the data centre's cache. */
export interface CopiedFile {
  readonly artifact: Artifact;
  readonly etag: string;
  /** When R2 was read, ms. */
  readonly takenAt: number;
}

/** Where a copy is made behind an answer; undefined where none is to be made. */
export type Copying = Pick<Context, "defer"> | undefined;

/** Memory for some 4,000 files. Bytes. */
const ASKED = 1024 * 1024;

/**
 * Copies of verified files in the data centre's cache, for `lifetime` ms after R2 was read.
 *
 * @param copies undefined: there are none
 * @param now the clock: milliseconds since the epoch
 */
export function fileCopiesIn(copies: StoreCopies | undefined, r2: Objects, lifetime: number, now: () => number) {
  /** Large files that this isolate was asked for a moment ago, and those that it has copied then. */
  const asked = new Memory<"once" | "copied">(ASKED);

  return {
    /** The file, or a part of it; null where it is not there. */
    async get(key: string, range: RangeSpec | undefined): Promise<CopiedFile | null> {
      const copy = await copies?.get(key, lifetime, range);
      if (!copy) return null;
      const { etag, ...facts } = copy.facts as CopiedFacts;
      const part = range && resolveRange(range, facts.size);
      return { artifact: { ...facts, part, body: copy.body, via: "cache" }, etag, takenAt: copy.takenAt };
    },

    /** Copies a file that is in memory. */
    put(
      key: string,
      facts: ArtifactFacts,
      { etag, size }: ObjectHead,
      bytes: Uint8Array,
      takenAt: number,
      ctx: Copying,
    ) {
      if (copies)
        ctx?.defer(copies.put(key, { takenAt, facts: { ...facts, size, etag }, body: bytes }, lifetime, size));
    },

    /**
     * Copies a file that is too large for memory where it is asked for again, by a read of its own: a client that reads
     * slowly, or that leaves, has no part in it.
     */
    putLater(key: string, { etag, size }: ObjectHead, ctx: Copying): void {
      const takenAt = now();
      if (!copies || !ctx || size > copies.limit) return;
      const before = asked.get(key, takenAt);
      if (before === "copied") return;
      asked.set(key, before ? "copied" : "once", 0, takenAt + lifetime);
      if (!before) return;
      const copy = async () => {
        const object = await r2.get(key, { onlyIf: { etagMatches: etag } });
        if (!object || !("body" in object)) return;
        const facts = { ...readFacts(object), size, etag };
        await copies.put(key, { takenAt, facts, body: object.body }, lifetime, size);
      };
      ctx.defer(copy());
    },

    delete: (keys: readonly string[]) => copies?.delete(keys),
  };
}
