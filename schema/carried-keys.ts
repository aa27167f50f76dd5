import * as z from "zod/mini";

const KEY = /^ed25519:([A-Za-z0-9+/]{43}=)$/;

/** A public key as the configuration has it: `ed25519:` and its 32 bytes in base64. */
export const carriedKey = z
  .string("must be a text")
  .check(z.regex(KEY, 'must be "ed25519:" and 44 characters of base64'));

/** A public key's 32 bytes as `carriedKey` has them. */
export const carriedKeyText = (raw: Uint8Array) => `ed25519:${btoa(String.fromCharCode(...raw))}`;

const namedKeys = z
  .record(
    z
      .string()
      .check(z.regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and "-", at most 31 of them')),
    carriedKey,
  )
  .check(z.refine((it) => Object.keys(it).length > 0, "must name at least one key"));

/** The keys of an offline source: one, an array of them, or a table of them by name. */
export const carriedKeys = z.union(
  [carriedKey, z.array(carriedKey).check(z.minLength(1, "must name at least one key")), namedKeys],
  "must be a public key, an array of them, or a table of them by name",
);

/** A key by which the steps of a source are signed, or were. */
export interface CarriedKey {
  /** Of the configuration; where it has none, the beginning of the key. */
  readonly name: string;
  /** As `carriedKey` has it. */
  readonly key: string;
  /** Whether it counts no longer: what it has signed is refused, and the refusal says so. */
  readonly isRetired: boolean;
}

/**
 * The keys of a source.
 *
 * @param keys those that count
 * @param retired those that count no longer, and must not be among the others
 */
export function resolveCarriedKeys(
  keys: z.infer<typeof carriedKeys>,
  retired: z.infer<typeof carriedKeys> | undefined,
): readonly CarriedKey[] {
  return [
    ...named(keys).map((each) => ({ ...each, isRetired: false })),
    ...named(retired ?? []).map((each) => ({ ...each, isRetired: true })),
  ];
}

/** Characters of a key that stand for it where it has no name. */
const SHORT = 16;

function named(keys: z.infer<typeof carriedKeys>): Omit<CarriedKey, "isRetired">[] {
  if (typeof keys === "string") return named([keys]);
  return Array.isArray(keys)
    ? keys.map((key) => ({ name: key.slice(0, SHORT), key }))
    : Object.entries(keys).map(([name, key]) => ({ name, key }));
}

/**
 * Which of the keys has signed a manifest: Ed25519 (RFC 8032) over its bytes.
 *
 * @param signature 64 bytes in base64, as `manifest.sig` has them; space around it does not count
 * @param keys as `carriedKey` has them
 * @returns undefined: none of them has
 */
export async function signerOf(
  manifest: Uint8Array,
  signature: string,
  keys: readonly string[],
): Promise<string | undefined> {
  const signed = fromBase64(signature.trim());
  if (signed?.byteLength !== 64) return undefined;
  for (const text of keys) {
    const raw = fromBase64(KEY.exec(text)?.[1] ?? "");
    if (raw?.byteLength !== 32) continue;
    const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
    if (await crypto.subtle.verify("Ed25519", key, signed, new Uint8Array(manifest))) return text;
  }
  return undefined;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
