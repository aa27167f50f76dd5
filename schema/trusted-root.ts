import * as z from "zod/mini";
import { parsedJson } from "../worker/pypi/parsed-json.ts";

const list = z.array(z.looseObject({}));

/** sigstore's `trusted_root.json`. What is in it is read by sigstore's own library. */
const plainRoot = z.looseObject({
  mediaType: z.string().check(z.startsWith("application/vnd.dev.sigstore.trustedroot")),
  tlogs: list.check(z.minLength(1)),
  certificateAuthorities: list.check(z.minLength(1)),
  ctlogs: list.check(z.minLength(1)),
});

const time = z.pipe(
  z.iso.datetime({ offset: true }),
  z.transform((it) => Date.parse(it)),
);

/** A root with the dates that are known of it; those of a plain one are not. Milliseconds since the epoch. */
export const trustedRoot = z.union([
  z.pipe(
    plainRoot,
    z.transform((root) => ({ root: root as object, takenAt: undefined, expiresAt: undefined })),
  ),
  z.object({ root: plainRoot, takenAt: z.optional(time), expiresAt: z.optional(time) }),
]);

export interface GivenRoot {
  readonly root: object;
  readonly takenAt?: number | undefined;
  readonly expiresAt?: number | undefined;
}

const NOT_A_ROOT = "must be a trusted root of sigstore, as JSON, or empty";

/** The text of a trusted root: its JSON; undefined where it is empty. */
export const trustedRootText = z.pipe(
  z.string().check(z.refine((it) => it === "" || trustedRoot.safeParse(parsedJson(it)).success, NOT_A_ROOT)),
  z.transform((it) => (it === "" ? undefined : parsedJson(it))),
);

/** Longer metadata is not taken: sigstore's have some 6,000 characters. */
const MAX_METADATA = 128 * 1024;

const metadata = z.string("must be a text").check(z.maxLength(MAX_METADATA, "must have at most 131072 characters"));

/** The signed metadata of a TUF repository, byte for byte. */
export const tufMetadata = z.strictObject({ root: metadata, timestamp: metadata, snapshot: metadata });

export type TufMetadata = z.infer<typeof tufMetadata>;

/** A trusted root that is to be stored, and where it comes from. */
export const newTrustedRoot = z.strictObject({
  /** sigstore's `trusted_root.json`. */
  root: z.looseObject({}, "must be a JSON object"),
  /** The address of its TUF repository. */
  source: z.string("must be an address").check(
    z.maxLength(500, "must have at most 500 characters"),
    z.refine((it) => URL.canParse(it), "must be an address"),
  ),
  metadata: tufMetadata,
});

export type NewTrustedRoot = z.infer<typeof newTrustedRoot>;

/** The trusted root by which a deployment verifies provenance. Times are ISO 8601. */
export const shownTrustedRoot = z.object({
  /** Of its keys: the same keys have the same id. */
  id: z.string(),
  /** `configuration`: TRUSTED_ROOT has it; `stored`: an admin has stored it; `shipped`: the version has it. */
  from: z.enum(["configuration", "stored", "shipped"]),
  takenAt: z.optional(z.string()),
  /** Nothing is verified by it from then on. */
  expiresAt: z.optional(z.string()),
  /** Why nothing is verified by it now. */
  trouble: z.optional(z.string()),
  /** What is stored, in use or not. */
  stored: z.optional(z.object({ source: z.string(), metadata: tufMetadata })),
});

export type ShownTrustedRoot = z.infer<typeof shownTrustedRoot>;

/** What of a TUF repository's metadata says how old it is. Its signatures were verified by whoever fetched it. */
const versioned = z.object({ signed: z.object({ version: z.number().check(z.int(), z.positive()) }) });

/** The versions of the metadata that is signed anew; undefined where it has none. */
export function versionsOf({ root, timestamp, snapshot }: TufMetadata): readonly number[] | undefined {
  const read = [root, timestamp, snapshot].map((each) => versioned.safeParse(parsedJson(each)).data?.signed.version);
  return read.every((version) => version !== undefined) ? read : undefined;
}
