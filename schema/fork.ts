import * as z from "zod/mini";
import { isPrintable } from "../worker/pypi/shown.ts";
import { normalVersion } from "../worker/pypi/pep440.ts";

/** Limit of the patches of one fork, together. Bytes. */
export const MAX_PATCH_BYTES = 512 * 1024;

/** Base64 has four characters for three bytes. */
const MAX_PATCH_CHARACTERS = Math.ceil(MAX_PATCH_BYTES / 3) * 4;

const MAX_PATCHES = 50;

/** Limit of a name, and of a reason. Characters. */
const MAX_TEXT = 300;

const line = z
  .string(`must be a text of 1 to ${MAX_TEXT} characters`)
  .check(
    z.regex(/\S/, "must be more than spaces"),
    z.refine(isPrintable, "must be printable characters, on one line"),
    z.maxLength(MAX_TEXT, `must be at most ${MAX_TEXT} characters`),
  );

const sha256 = z.string("must be a text").check(z.regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits"));

const base = z.object({
  version: line.check(z.refine((text) => normalVersion(text) !== undefined, "must be a version (PEP 440)")),
  /** The upstream's file that the patches were applied to. */
  filename: line,
  sha256,
});

/** What an upload says of a release that is a fork: an upstream's release with patches. */
export const forkBody = z.strictObject({
  base,
  patches: z
    .array(
      z.strictObject({
        name: line,
        /** The bytes in base64: a patch may hold text of any encoding. */
        content: z.string("must be a text").check(z.refine(isBase64, "must be base64")),
      }),
    )
    .check(
      z.minLength(1, "must have at least one"),
      z.maxLength(MAX_PATCHES, `must be at most ${MAX_PATCHES}`),
      z.refine(
        (all) => all.reduce((sum, { content }) => sum + content.length, 0) <= MAX_PATCH_CHARACTERS,
        `must be at most ${MAX_PATCH_BYTES / 1024} KiB together`,
      ),
    ),
  reason: line,
});

export type ForkBody = z.infer<typeof forkBody>;

const shownPatch = z.object({ name: z.string(), sha256 });

/** A fork in the API's form. */
const shownFork = z.object({
  project: z.string(),
  version: z.string(),
  base,
  patches: z.array(shownPatch),
  reason: z.string(),
  /** A token's name, or admin. */
  by: z.string(),
  /** ISO 8601. */
  at: z.string(),
  /** Whether a file of it is there that is not yanked. */
  offered: z.boolean(),
  /** The ids of the advisories on the base, the worst first; empty where none are loaded. */
  advisories: z.array(z.string()),
});

export type ShownFork = z.infer<typeof shownFork>;

/** The answer of `GET /-/api/indexes/{index}/forks`. `merge`: the patterns of hosted names that hide no upstream's releases. */
export const forkList = z.object({ index: z.string(), merge: z.array(z.string()), forks: z.array(shownFork) });

/** The answer of `GET /-/api/indexes/{index}/forks/{project}/{version}`: with the patches. */
export const wholeFork = z.extend(shownFork, { patches: z.array(z.extend(shownPatch, { content: z.string() })) });

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
