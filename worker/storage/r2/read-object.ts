import { createHash } from "node:crypto";
import { isKept, type ObjectWithBody, type Objects } from "../../platform/objects.ts";
import type { Digest } from "../../pypi/page.ts";
import { byteReader } from "../../repository/byte-reader.ts";
import type { ObjectState } from "../../repository/ports/verification.ts";
import { readFacts, readTombstone } from "./custom-metadata.ts";

/** Bytes of one read: memory stays flat, whatever the size of the object. */
const CHUNK = 256 * 1024;

/** What an object should be. */
export interface WantedObject {
  /** undefined: the digest that its key has, or that was stored with the object. */
  readonly digest?: Digest | undefined;
  /** Counts where there is no other. */
  readonly lastDigest?: Digest | undefined;
  /** Bytes; counts where there is no digest. */
  readonly size?: number | undefined;
}

/**
 * Reads an object to its end and compares it with its digest. Where it differs it is read once more: a read that failed in passing
 * must cost no file. A tombstone counts as absent; without a digest, and without a size, any bytes are sound. Rejects where the store
 * fails.
 */
export async function readObject(r2: Objects, key: string, wanted: WantedObject = {}): Promise<ObjectState> {
  const first = await readOnce(r2, key, wanted);
  return first.kind === "damaged" ? readOnce(r2, key, wanted) : first;
}

async function readOnce(r2: Objects, key: string, wanted: WantedObject): Promise<ObjectState> {
  const object = await r2.get(key);
  if (!object) return { kind: "absent" };
  if (readTombstone(object)) {
    await object.body.cancel();
    return { kind: "absent" };
  }
  const digest = wanted.digest ?? digestInKey(key) ?? readFacts(object).digest ?? wanted.lastDigest;
  const { size, hex } = await hashed(object, digest);
  const fault = faultOf({ size, hex }, object.size, digest, wanted.size);
  return fault === undefined ? { kind: "sound", size, fault: "" } : { kind: "damaged", size, fault };
}

async function hashed({ body, size }: ObjectWithBody, digest: Digest | undefined) {
  const hash = digest && createHash(digest.algorithm);
  const reader = byteReader(body);
  let read = 0;
  let memory = new ArrayBuffer(Math.max(1, Math.min(CHUNK, size)));
  for (;;) {
    const bytes = await reader.read(memory);
    if (!bytes) break;
    hash?.update(bytes);
    read += bytes.byteLength;
    memory = bytes.buffer;
  }
  return { size: read, hex: hash?.digest("hex") };
}

function faultOf(
  read: { readonly size: number; readonly hex: string | undefined },
  stored: number,
  digest: Digest | undefined,
  listed: number | undefined,
): string | undefined {
  if (read.size !== stored) return `ends after ${read.size} of ${stored} bytes`;
  if (!digest)
    return listed === undefined || listed === stored ? undefined : `has ${stored} bytes instead of ${listed}`;
  if (read.hex === digest.hex) return undefined;
  return listed === undefined || listed === stored
    ? "has other bytes than its digest says"
    : `has ${stored} bytes instead of ${listed}`;
}

/** A hosted file, and what was carried, has its digest in its key; the `.metadata` of a hosted file has not. */
function digestInKey(key: string): Digest | undefined {
  const hex = isKept(key) ? /^[^/]+\/([0-9a-f]{64})(?:\/[0-9a-f]+)?$/.exec(key)?.[1] : undefined;
  return hex === undefined ? undefined : { algorithm: "sha256", hex };
}
