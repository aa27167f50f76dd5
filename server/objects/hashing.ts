import { createHash, type Hash } from "node:crypto";
import { checkDigest, type WantedDigest } from "./limits.ts";

/** By what bytes are compared with what was put, where their put names no digest. */
export const OWN_ALGORITHM = "sha256";

/** What is computed of bytes while they are written. */
interface Hashing {
  readonly hash?: Hash;
  /** Throws where the bytes have another digest than was wanted. */
  readonly check?: () => void;
  /** Such as `sha256=…`, once all bytes are written and checked; null where none is computed. */
  readonly digest: () => string | null;
}

/**
 * The digest that is computed of the bytes of one object.
 *
 * @param wanted the digest that the bytes must have
 * @param synced whether the bytes are on the disk before they have a row: without a wanted digest, none is needed then
 */
export function hashingOf(wanted: WantedDigest | undefined, synced: boolean): Hashing {
  if (wanted) {
    const hash = createHash(wanted.algorithm);
    return { hash, check: () => checkDigest(wanted, hash.digest("hex")), digest: () => digestTextOf(wanted) };
  }
  if (synced) return { digest: () => null };
  const hash = createHash(OWN_ALGORITHM);
  return { hash, digest: () => digestTextOf({ algorithm: OWN_ALGORITHM, hex: hash.digest("hex") }) };
}

/** A digest as the row of its object has it. */
export const digestTextOf = ({ algorithm, hex }: { readonly algorithm: string; readonly hex: string }) =>
  `${algorithm}=${hex}`;
