import type { ProjectName } from "../pypi/name.ts";
import { DIGESTS, type Digest } from "../pypi/page.ts";
import type { FileSink, FileStore } from "../repository/ports.ts";
import { resolveRange, type RangeSpec } from "../repository/range.ts";
import type { Artifact, ArtifactFacts } from "../repository/repository.ts";
import type { Keys } from "./keys.ts";
import { Memory } from "./memory.ts";
import { partsInto } from "./parts.ts";

/** R2 takes no more in one put (5 GiB less 5 MiB); in parts it does. Bytes. */
export const MAX_PUT = 5 * 1024 ** 3 - 5 * 1024 ** 2;

/**
 * A source's files and their `.metadata` in R2, the small ones in memory until they are pushed out: they never change, but for
 * what is unchecked.
 */
export function fileStore(r2: R2Bucket, memory: Memory<Artifact>, keys: Keys, maxPut: number): FileStore {
  return {
    async get(ref, range) {
      const key = keys.file(ref);
      const remembered = memory.get(key, 0);
      if (remembered) return range ? partOf(remembered, range) : remembered;
      if (range) return getPart(r2, key, range);
      const object = await r2.get(key);
      if (!object) return null;
      const facts = readFacts(object);
      if (object.size > Memory.MAX_VALUE) return { ...facts, body: object.body, via: "r2" };
      const artifact: Artifact = { ...facts, body: await object.bytes(), via: "r2" };
      if (!facts.unchecked) memory.set(key, { ...artifact, via: "memory" }, object.size);
      return artifact;
    },

    async head(ref) {
      // Not from memory: it may have been deleted since, by whichever isolate.
      const object = await r2.head(keys.file(ref));
      return object && readFacts(object);
    },

    create(ref, facts) {
      const key = keys.file(ref);
      const options: R2PutOptions = { customMetadata: writeFacts(facts) };
      // R2 takes each of these algorithms but sha224 under its own name and refuses the object where the bytes differ.
      if (facts.digest && facts.digest.algorithm !== "sha224") options[facts.digest.algorithm] = facts.digest.hex;
      const sink =
        facts.size === undefined || facts.size > maxPut
          ? partsInto(r2, key, options)
          : putInto(r2, key, facts.size, options);
      return {
        ...sink,
        async commit() {
          await sink.commit();
          memory.delete(key);
        },
      };
    },
  };
}

/** A part of a file that is in memory whole. */
function partOf(file: Artifact, range: RangeSpec): Artifact {
  const part = resolveRange(range, file.size ?? 0);
  const whole = file.body;
  if (part === "unsatisfiable" || !(whole instanceof Uint8Array)) return { ...file, part, body: null };
  return { ...file, part, body: whole.subarray(part.offset, part.offset + part.length) };
}

/** A part of an object: one read, and where R2 says that there is no such part, one more for the facts. */
async function getPart(r2: R2Bucket, key: string, range: RangeSpec): Promise<Artifact | null> {
  try {
    const object = await r2.get(key, { range: r2Range(range) });
    if (!object) return null;
    const part = resolveRange(range, object.size);
    return { ...readFacts(object), part, body: object.body, via: "r2" };
  } catch (error) {
    if (!String(error).includes(UNSATISFIABLE)) throw error;
    const object = await r2.head(key);
    return object && { ...readFacts(object), part: "unsatisfiable", body: null, via: "r2" };
  }
}

/** R2's code for a range that the object does not have. */
const UNSATISFIABLE = "10039";

function r2Range(range: RangeSpec): R2Range {
  if ("suffix" in range) return { suffix: range.suffix };
  return range.end === undefined
    ? { offset: range.start }
    : { offset: range.start, length: range.end - range.start + 1 };
}

/** One put of known length, written to as it arrives. */
function putInto(r2: R2Bucket, key: string, size: number, options: R2PutOptions): FileSink {
  const { readable, writable } = new FixedLengthStream(size);
  const writer = writable.getWriter();
  const put = r2.put(key, readable, options);
  // A put that fails stops reading: without this, a write would wait for ever.
  const ended = put.catch((error: unknown) => writer.abort(error).catch(() => undefined));
  return {
    write: (chunk) => writer.write(chunk),
    async commit() {
      // The put says why it failed; the writer only that it did.
      await Promise.allSettled([writer.close(), ended]);
      await put;
    },
    async abort(reason) {
      await writer.abort(reason).catch(() => undefined);
      await ended;
    },
  };
}

/** R2 takes 8,192 bytes of custom metadata in all, its simulator 2,048. Characters. */
const MAX_VALIDATOR = 512;

/** Custom metadata travels as headers. */
const isPlain = (text: string) => text.length <= MAX_VALIDATOR && /^[\x20-\x7e]*$/.test(text);

/** What a page said of the file when it was fetched, as R2's custom metadata: a stored file is served from one read. */
function writeFacts({ project, digest, modifiedAt, unchecked, validator }: ArtifactFacts): Record<string, string> {
  return {
    project,
    modifiedAt: String(modifiedAt),
    ...(digest && { digest: `${digest.algorithm}=${digest.hex}` }),
    ...(unchecked && { unchecked: "true" }),
    ...(unchecked && validator !== undefined && isPlain(validator) && { validator }),
  };
}

function readFacts(object: R2Object): ArtifactFacts {
  const { project = "", modifiedAt = "0", digest, unchecked, validator } = object.customMetadata ?? {};
  return {
    project: project as ProjectName,
    size: object.size,
    modifiedAt: Number(modifiedAt),
    digest: readDigest(digest),
    // Earlier versions did not say it of files without a digest.
    unchecked: unchecked === "true" || digest === undefined,
    validator,
  };
}

function readDigest(text: string | undefined): Digest | undefined {
  const [name, hex] = text?.split("=") ?? [];
  const algorithm = DIGESTS.find((known) => known === name);
  return algorithm && hex ? { algorithm, hex } : undefined;
}
