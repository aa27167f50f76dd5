import type { ObjectRange, PutOptions } from "../../worker/platform/objects.ts";
import { CODES, objectsError } from "./objects-error.ts";

/** R2's limits: bytes of a key, bytes of custom metadata, keys that one call lists or deletes. */
const MAX_KEY = 1_024;
const MAX_METADATA = 8_192;
const MAX_KEYS = 1_000;

/** The digests that a put may name, as options and as R2 calls them in its errors. */
const DIGESTS = { md5: "MD5", sha1: "SHA-1", sha256: "SHA-256", sha384: "SHA-384", sha512: "SHA-512" } as const;

export interface WantedDigest {
  readonly algorithm: keyof typeof DIGESTS;
  readonly hex: string;
}

/**
 * The key as it is stored: half of a surrogate pair is no character and becomes U+FFFD, as in R2. Throws where it is too
 * long.
 */
export function checkedKey(method: string, key: string): string {
  const text = key.toWellFormed();
  if (Buffer.byteLength(text) > MAX_KEY)
    throw objectsError(method, "The specified object name is not valid.", CODES.invalidObjectName);
  return text;
}

export function checkedKeys(method: string, keys: string | string[]): string[] {
  const all = typeof keys === "string" ? [keys] : keys;
  if (all.length > MAX_KEYS) throw new TypeError(`${method}: At most ${MAX_KEYS} keys are deleted in one call.`);
  return all.map((key) => checkedKey(method, key));
}

export function checkedLimit(limit = MAX_KEYS): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_KEYS) return limit;
  throw objectsError("list", "MaxKeys params must be positive integer <= 1000.", CODES.invalidMaxKeys);
}

/** Custom metadata as JSON. Throws where it is too large. */
export function checkedMetadata(method: string, metadata: Record<string, string> = {}): string {
  const entries = Object.entries(metadata);
  const size = entries.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (size > MAX_METADATA)
    throw objectsError(
      method,
      "Your metadata headers exceed the maximum allowed metadata size.",
      CODES.metadataTooLarge,
    );
  return JSON.stringify(metadata);
}

/** The digest that a put names; undefined where it names none. Throws where it names several. */
export function wantedDigest(options: PutOptions): WantedDigest | undefined {
  const named = (Object.keys(DIGESTS) as (keyof typeof DIGESTS)[]).flatMap((algorithm) => {
    const hex = options[algorithm];
    return hex === undefined ? [] : [{ algorithm, hex: hex.toLowerCase() }];
  });
  if (named.length > 1) throw new TypeError("put: At most one digest can be named.");
  return named[0];
}

/** Throws where bytes have another digest than the put has named. */
export function checkDigest({ algorithm, hex }: WantedDigest, actual: string): void {
  if (hex === actual) return;
  const name = DIGESTS[algorithm];
  throw objectsError(
    "put",
    `The ${name} checksum you specified did not match what we received. ` +
      `You provided a ${name} checksum with value: ${hex}. Actual ${name} was: ${actual}`,
    CODES.badDigest,
  );
}

/** The bytes that a range means. Throws where the object has none of them. */
export function resolvedRange(range: ObjectRange | undefined, size: number): { offset: number; length: number } {
  if (!range) return { offset: 0, length: size };
  const suffix = "suffix" in range ? range.suffix : undefined;
  const { offset = 0, length } = "suffix" in range ? {} : range;
  const from = suffix === undefined ? offset : Math.max(0, size - suffix);
  const upTo = length === undefined ? size : Math.min(size, from + length);
  if (from < 0 || upTo <= from) throw objectsError("get", "The requested range is not satisfiable", CODES.invalidRange);
  return { offset: from, length: upTo - from };
}
