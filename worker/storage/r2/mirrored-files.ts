import { HOUR, SECOND } from "../../duration.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import { digestText, type Digest } from "../../pypi/page.ts";
import type { FileSink, FileStore } from "../../repository/ports/files.ts";
import { resolveRange, type RangeSpec } from "../../repository/range.ts";
import { StoreConflict } from "../../repository/sinks.ts";
import { fileCopiesIn, type CopiedFile, type Copying } from "./file-copies.ts";
import { readFacts, readTombstone, writeFacts, writeTombstone, type Tombstone } from "./custom-metadata.ts";
import { freshId, type Keys } from "../keys.ts";
import { Memory } from "../memory.ts";
import { multipartUpload } from "./multipart-upload.ts";
import { putInto } from "./put-sink.ts";
import type { Artifact, ArtifactFacts } from "../../repository/artifact.ts";
import type {
  ObjectCondition,
  ObjectHead,
  ObjectRange,
  ObjectWithBody,
  Objects,
  PutOptions,
} from "../../platform/objects.ts";
import type { Platform } from "../../platform/platform.ts";
import type { StoreCopies } from "../cache/store-copies.ts";

/** R2's limit for one put (5 GiB less 5 MiB); larger objects go in parts. Bytes. */
export const MAX_PUT = 5 * 1024 ** 3 - 5 * 1024 ** 2;

/**
 * How long a file in memory, or in the data centre's cache, is served without asking R2: another isolate may have found
 * that it was replaced. Together with the 14 s that making a page may take, this is less than the 70 s after which the
 * edge is purged again. Milliseconds.
 */
const COPY_TTL = 50 * SECOND;

/** How long a tombstone accepts only the file of its digest: longer than any fill that was under way. Milliseconds. */
const TOMBSTONE_TTL = HOUR;

/** How often setting a tombstone is tried while other requests write the same key. */
const MAX_TRIES = 4;

/** How many keys R2 deletes in one call. */
const BATCH = 1_000;

/** A file in memory. */
export interface FileInMemory {
  readonly artifact: Artifact;
  /** R2's ETag of the object. */
  readonly etag: string;
  /** Until when it is served without asking R2. Milliseconds since the epoch. */
  readonly until: number;
}

/** What the store of a source's files is made of. */
interface FileStoreParts extends Pick<Platform, "pipe" | "now"> {
  /** Larger files are written in parts. Bytes. */
  readonly maxPut: number;
  /** Copies for other isolates; undefined where there are none. */
  readonly copies?: StoreCopies | undefined;
}

/** An object that a fill may replace: a file that no digest verifies, or a tombstone. */
interface Place {
  readonly etag: string;
  readonly tombstone?: Tombstone | undefined;
}

/** Memory for known replaceable objects: enough for some 4,000. Bytes. */
const PLACES = 1024 * 1024;

/**
 * A source's files and their `.metadata` in R2, small ones also in memory. Where the upstream has replaced a file, a
 * tombstone takes the place of the stored one. Every put names the object that it replaces, so that bytes fetched
 * earlier cannot come back.
 */
export function fileStore(
  r2: Objects,
  memory: Memory<FileInMemory>,
  keys: Keys,
  { maxPut, pipe, now, copies: shared }: FileStoreParts,
): FileStore {
  const places = new Memory<Place>(PLACES);
  const copies = fileCopiesIn(shared, r2, COPY_TTL, now);

  /** The facts of an object just read, or null where it is a tombstone. Remembers whether a file may replace it. */
  function noteObject(key: string, object: ObjectHead | null): ArtifactFacts | null {
    const tombstone = object ? readTombstone(object) : undefined;
    const facts = object && !tombstone ? readFacts(object) : null;
    const isFinal = facts?.digest && !facts.unchecked;
    if (object && !isFinal) places.set(key, { etag: object.etag, tombstone }, object.etag.length + 100);
    else places.delete(key);
    return facts;
  }

  /** The whole object as an artifact. A small one is put into memory. */
  async function received(
    key: string,
    object: ObjectWithBody,
    takenAt: number,
    ctx: Copying,
  ): Promise<Artifact | null> {
    const facts = noteObject(key, object);
    if (!facts) {
      await object.body.cancel();
      return null;
    }
    const { etag, size } = object;
    if (size > memory.maxValue) {
      if (!facts.unchecked) copies.putLater(key, object, ctx);
      return { ...facts, body: object.body, via: "r2" };
    }
    const bytes = await object.bytes();
    const artifact: Artifact = { ...facts, body: bytes, via: "r2" };
    if (facts.unchecked) return artifact;
    remember(key, { artifact: { ...artifact, via: "memory" }, etag }, takenAt);
    copies.put(key, facts, object, bytes, takenAt, ctx);
    return artifact;
  }

  const remember = (key: string, { artifact, etag }: Pick<FileInMemory, "artifact" | "etag">, takenAt: number) =>
    memory.set(key, { artifact, etag, until: takenAt + COPY_TTL }, artifact.size ?? 0);

  /** A file of the data centre's cache; a small one is put into memory. */
  function fromCopy(key: string, { artifact, etag, takenAt }: CopiedFile): Artifact {
    if (artifact.body instanceof Uint8Array && !artifact.part)
      remember(key, { artifact: { ...artifact, via: "memory" }, etag }, takenAt);
    return artifact;
  }

  /** A file that was in memory for its time: one conditional read asks R2 whether it is still right. */
  async function rechecked(key: string, known: FileInMemory, ctx: Copying): Promise<Artifact | null> {
    memory.delete(key);
    const takenAt = now();
    const object = await r2.get(key, { onlyIf: { etagDoesNotMatch: known.etag } });
    if (object && !("body" in object)) {
      remember(key, known, takenAt);
      return known.artifact;
    }
    return object && received(key, object, takenAt, ctx);
  }

  /** A part of an object: one read, and a second one for the facts where R2 says that there is no such part. */
  async function getPart(key: string, range: RangeSpec): Promise<Artifact | null> {
    try {
      const object = await r2.get(key, { range: r2Range(range) });
      const facts = noteObject(key, object);
      if (!object || !facts) {
        await object?.body.cancel();
        return null;
      }
      return { ...facts, part: resolveRange(range, object.size), body: object.body, via: "r2" };
    } catch (error) {
      if (!String(error).includes(UNSATISFIABLE)) throw error;
      const facts = noteObject(key, await r2.head(key));
      return facts && { ...facts, part: "unsatisfiable", body: null, via: "r2" };
    }
  }

  /** Where a file goes, and on which conditions: those of now, since others may write meanwhile. */
  function placeFor(ref: FileRef, facts: ArtifactFacts) {
    const key = keys.file(ref);
    const place = places.get(key, 0);
    const { wanted, at = 0 } = place?.tombstone ?? {};
    const digest = facts.digest && digestText(facts.digest);
    const options: PutOptions = { customMetadata: writeFacts(facts), onlyIf: conditionOf(place) };
    // R2's options have these algorithms' names, except for sha224, and R2 refuses an object whose bytes differ.
    if (facts.digest && facts.digest.algorithm !== "sha224") options[facts.digest.algorithm] = facts.digest.hex;
    return {
      key,
      options,
      isRefused: wanted !== undefined && wanted !== digest && Math.abs(now() - at) < TOMBSTONE_TTL,
      isFree: async () => (await r2.head(key))?.etag === place?.etag,
      stored() {
        memory.delete(key);
        places.delete(key);
      },
    };
  }

  /** Puts a tombstone in place of `old`; false where the object has changed meanwhile. */
  async function putTombstone(
    key: string,
    project: ArtifactFacts["project"],
    tombstone: Tombstone,
    old: ObjectHead | null,
  ) {
    // R2 makes ETags from the bytes: two tombstones must differ, or a fill that saw the first would replace the second.
    const put = await r2.put(key, `replaced ${freshId()}\n`, {
      customMetadata: writeTombstone(project, tombstone),
      onlyIf: conditionOf(old ?? undefined),
    });
    memory.delete(key);
    if (put) noteObject(key, put);
    return put !== null;
  }

  return {
    async get(ref, range, ctx) {
      const key = keys.file(ref);
      const inMemory = memory.get(key, 0);
      if (inMemory && now() < inMemory.until) return range ? partOf(inMemory.artifact, range) : inMemory.artifact;
      const copy = await copies.get(key, range);
      if (copy) return fromCopy(key, copy);
      const known = inMemory ? await rechecked(key, inMemory, ctx) : null;
      if (known && known.body instanceof Uint8Array) return range ? partOf(known, range) : known;
      if (known && !range) return known;
      if (known?.body instanceof ReadableStream) await known.body.cancel();
      if (range) return getPart(key, range);
      const takenAt = now();
      const object = await r2.get(key);
      return object ? received(key, object, takenAt, ctx) : (noteObject(key, null), null);
    },

    async head(ref) {
      const key = keys.file(ref);
      // Not from memory: any isolate may have deleted it since.
      return noteObject(key, await r2.head(key));
    },

    create(ref, facts) {
      const { key, options, isRefused, isFree, stored } = placeFor(ref, facts);
      if (isRefused) return REFUSING_SINK;
      const sink =
        facts.size === undefined || facts.size > maxPut
          ? multipartUpload(r2, key, options, isFree)
          : putInto(r2, key, pipe(facts.size), options);
      return {
        ...sink,
        async commit() {
          await sink.commit();
          stored();
        },
      };
    },

    createLater(ref, facts) {
      const { key, options, isRefused, stored } = placeFor(ref, facts);
      return async (content) => {
        const takenAt = now();
        const object = isRefused ? null : await r2.put(key, content, options);
        if (!object) throw new StoreConflict();
        stored();
        const written = readFacts(object);
        if (content instanceof Uint8Array && !written.unchecked)
          remember(key, { artifact: { ...written, body: content, via: "memory" }, etag: object.etag }, takenAt);
      };
    },

    async replace(ref, project, wanted) {
      const key = keys.file(ref);
      const tombstone = { wanted: wanted && digestText(wanted), at: now() };
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const object = await r2.head(key);
        memory.delete(key);
        await copies.delete([key]);
        if (object && isWanted(object, wanted)) return false;
        if (await putTombstone(key, project, tombstone, object)) return true;
      }
      throw new Error(`${key} is being written by others`);
    },

    async forget(refs) {
      const all = refs.map((ref) => keys.file(ref));
      for (let at = 0; at < all.length; at += BATCH) {
        const batch = all.slice(at, at + BATCH);
        await r2.delete(batch);
        await copies.delete(batch);
        for (const key of batch) {
          memory.delete(key);
          places.delete(key);
        }
      }
    },
  };
}

/** Whether an object is the verified file of this digest, or a tombstone that accepts it. */
function isWanted(object: ObjectHead, wanted: Digest | undefined): boolean {
  if (!wanted) return false;
  const tombstone = readTombstone(object);
  if (tombstone) return tombstone.wanted === digestText(wanted);
  const { digest, unchecked } = readFacts(object);
  return !unchecked && digest !== undefined && digestText(digest) === digestText(wanted);
}

/** The condition that a put replaces exactly this object, or creates one. */
const conditionOf = (place: Pick<Place, "etag"> | undefined): ObjectCondition =>
  place ? { etagMatches: place.etag } : { etagDoesNotMatch: "*" };

/** The sink for a file that must not be stored, because the page has another digest for it since. */
const REFUSING_SINK: FileSink = {
  write: () => Promise.reject(new StoreConflict()),
  commit: () => Promise.reject(new StoreConflict()),
  abort: () => Promise.resolve(),
};

/** A part of a file that is in memory. */
function partOf(file: Artifact, range: RangeSpec): Artifact {
  const part = resolveRange(range, file.size ?? 0);
  const whole = file.body;
  if (part === "unsatisfiable" || !(whole instanceof Uint8Array)) return { ...file, part, body: null };
  return { ...file, part, body: whole.subarray(part.offset, part.offset + part.length) };
}

/** R2's error code for a range that the object does not have. */
const UNSATISFIABLE = "10039";

function r2Range(range: RangeSpec): ObjectRange {
  if ("suffix" in range) return { suffix: range.suffix };
  return range.end === undefined
    ? { offset: range.start }
    : { offset: range.start, length: range.end - range.start + 1 };
}
