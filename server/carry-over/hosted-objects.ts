import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import { DURABLE_PREFIXES, type Objects } from "../../worker/platform/objects.ts";
import { messageOf } from "../../worker/errors.ts";
import { byteStreamOf } from "../byte-stream.ts";
import { CODES } from "../objects/objects-error.ts";

const [HOSTED] = DURABLE_PREFIXES;

/** The key of a hosted file has its SHA-256. */
const FILE = /^hosted\/([0-9a-f]{64})\/[0-9a-f]+$/;

/** In the order of keys. The upper bound is the first text after all keys with the prefix: "0" follows "/". */
const HOSTED_OBJECTS = `SELECT key, size, blob_id AS blob, custom_metadata AS metadata FROM _mf_objects
  WHERE key > '${HOSTED}' AND key < '${HOSTED.slice(0, -1)}0' ORDER BY key`;

/** Objects that are written at once: each waits for the disk three times, and what waits together waits once. */
const AT_ONCE = 8;

/** An object of the simulated bucket. */
export interface SimulatedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** The name of the file with its bytes; null where they came in parts, which those of hosted files never do. */
  readonly blob: string | null;
  /** The custom metadata as JSON. */
  readonly metadata: string;
}

/** An object whose bytes are not as they were stored, and why that is known. */
export interface DamagedObject {
  readonly key: string;
  readonly reason: string;
}

export interface HostedCopy {
  /** The folders that have the blobs. */
  readonly blobs: readonly string[];
  readonly to: Objects;
  /** SHA-256, hex, of objects whose key does not have it. */
  readonly digests: ReadonlyMap<string, string>;
  /** Is told how many bytes are done. */
  readonly show: (bytes: number) => void;
}

/** The blob cannot be read. */
class UnreadableBlob extends Error {}

/** @param bucket a copy of the simulated bucket's rows */
export const hostedObjects = (bucket: DatabaseSync): SimulatedObject[] =>
  bucket.prepare(HOSTED_OBJECTS).all() as unknown as SimulatedObject[];

/**
 * Copies objects, with their custom metadata; digests are checked while they are written. Those that are there already
 * are left: their digests were checked, and a key never gets other bytes. Rejects with the error of a write.
 *
 * @returns those that could not be copied
 */
export async function copyObjects(objects: readonly SimulatedObject[], copy: HostedCopy): Promise<DamagedObject[]> {
  const damaged: DamagedObject[] = [];
  const failures: unknown[] = [];
  const waiting = objects.values();
  let done = 0;
  const copyOne = async (object: SimulatedObject) => {
    const reason = await copyObject(object, copy);
    if (reason !== undefined) damaged.push({ key: object.key, reason });
    copy.show((done += object.size));
  };
  // None goes on writing after this has rejected.
  const copyInTurn = async () => {
    for (const object of waiting) {
      if (failures.length > 0) return;
      await copyOne(object).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, copyInTurn));
  if (failures.length > 0) throw failures[0];
  return damaged;
}

/** Resolves with the reason where the bytes are not as they were stored. */
async function copyObject(
  { key, size, blob, metadata }: SimulatedObject,
  { blobs, to, digests }: HostedCopy,
): Promise<string | undefined> {
  const customMetadata = JSON.parse(metadata) as Record<string, string>;
  const stored = await to.head(key);
  if (stored?.size === size && isDeepStrictEqual(stored.customMetadata, customMetadata)) return undefined;
  const path = blobs.map((folder) => join(folder, blob ?? "")).find((file) => blob !== null && existsSync(file));
  if (path === undefined) return "its bytes are not there";
  const sha256 = FILE.exec(key)?.[1] ?? digests.get(key);
  try {
    await to.put(key, bytesOf(path), { customMetadata, ...(sha256 !== undefined && { sha256 }) });
    return undefined;
  } catch (error) {
    if (error instanceof UnreadableBlob) return error.message;
    if (String(error).includes(`(${CODES.badDigest})`)) return "its bytes have another digest";
    throw error;
  }
}

function bytesOf(path: string): ReadableStream<Uint8Array> {
  // In pieces of the size that is asked for: what is left of larger ones would be copied at each read.
  const source = createReadStream(path, { highWaterMark: 64 * 1024 });
  return byteStreamOf(
    source,
    () => source.destroy(),
    (error) => new UnreadableBlob(`its bytes cannot be read: ${messageOf(error)}`),
  );
}
