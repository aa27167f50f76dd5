import * as z from "zod/mini";
import { asFilename } from "../worker/pypi/filename.ts";
import { asProjectName } from "../worker/pypi/name.ts";
import { isPrintable } from "../worker/pypi/shown.ts";
import { uploadTime } from "../worker/pypi/upload-time.ts";
import { ENTRY_KINDS } from "./policy-entry.ts";
import { fileRule } from "./policy.ts";

/** The names of the two files that are beside the volumes of a step. */
export const MANIFEST_FILE = "manifest.json";
export const SIGNATURE_FILE = "manifest.sig";

/** The largest manifest: some 60,000 members. Bytes. */
export const MAX_MANIFEST = 16 * 1024 ** 2;

/** The largest page, and the largest lists. Bytes. */
export const MAX_CARRIED_JSON = 16 * 1024 ** 2;

/** The largest index of advisories, as `PUT /-/api/advisories` has it. Bytes. */
export const MAX_CARRIED_ADVISORIES = 32 * 1024 ** 2;

/** Limit of the projects that one step names as gone. */
export const MAX_REMOVED = 10_000;

/**
 * What a member can be, in the order in which they stand in a manifest: files before the pages that name them, and what the guard
 * goes by before what it guards.
 */
export const MEMBER_KINDS = ["file", "metadata", "provenance", "advisories", "lists", "page", "end"] as const;

export type MemberKind = (typeof MEMBER_KINDS)[number];

const sha256 = z.string("must be a SHA-256").check(z.regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits"));

const bytes = z
  .number("must be a number of bytes")
  .check(z.refine((it) => Number.isSafeInteger(it) && it >= 0, "must be a whole number of bytes"));

const position = z
  .number("must be a number")
  .check(z.refine((it) => Number.isSafeInteger(it) && it >= 1, "must be 1 or more, and whole"));

const time = z
  .string("must be a time")
  .check(
    z.refine((it) => uploadTime(it) !== undefined, "must be a time with its offset, such as 2026-11-22T12:00:00Z"),
  );

const projectName = z
  .string("must be a project's name")
  .check(z.refine((it) => asProjectName(it) === it, "must be a normalized project name"));

const filename = z
  .string("must be a file's name")
  .check(z.refine((it) => asFilename(it) === it, "must be a file's name"));

/** `null` where it stands for itself in a manifest, so that each manifest has the same members. */
const member = z
  .strictObject({
    kind: z.enum(MEMBER_KINDS, `must be one of ${MEMBER_KINDS.join(", ")}`),
    /**
     * Of a file its own SHA-256; of metadata and provenance the SHA-256 of the file that they are of; of a page the normalized name of
     * the project; of the others their kind.
     */
    key: z.string("must be a text"),
    size: bytes,
    /** Of the member's bytes. */
    sha256,
    /** The number of the volume that has it; the first is 1. */
    volume: position,
  })
  .check(z.refine(({ kind, key, sha256: own }) => isKeyOf(kind, key, own), "has a key that its kind does not have"));

export type CarriedMember = z.infer<typeof member>;

function isKeyOf(kind: MemberKind, key: string, own: string): boolean {
  if (kind === "file") return key === own;
  if (kind === "metadata" || kind === "provenance") return /^[0-9a-f]{64}$/.test(key);
  return kind === "page" ? asProjectName(key) === key : key === kind;
}

/** One step of a chain of exports: what `manifest.json` says. */
export const carriedManifest = z
  .strictObject({
    format: z.literal(1, "must be 1: another number is of another version of pypi-edge"),
    /** The name of the index that was exported. */
    index: z.string("must be the name of an index").check(z.regex(/^[a-z][a-z0-9-]{0,30}$/, "must be an index's name")),
    /** Random; made by the first step of the chain. */
    chain: z.string("must be a text").check(z.regex(/^[0-9a-f]{32}$/, "must be 32 lower-case hex digits")),
    /** The first step is 1. */
    sequence: position,
    /** The SHA-256 of the manifest of the step before; null: this is the first. */
    before: z.nullable(sha256),
    /** When the export began. */
    at: time,
    /** The serial of the source's root listing at that time, as `X-PyPI-Last-Serial` gives it; null: it gave none. */
    serial: z.nullable(z.string().check(z.regex(/^[\w.-]{1,64}$/, "must be a serial"))),
    volumes: z.array(
      z.strictObject({
        name: z.string().check(z.regex(/^[a-z0-9][a-z0-9.-]{0,99}$/, "must be a plain file name")),
        size: bytes,
        sha256,
      }),
    ),
    members: z.array(member),
    /** Projects that an earlier step carried, and that are no longer to be there. */
    removed: z.array(projectName).check(z.maxLength(MAX_REMOVED, `must be at most ${MAX_REMOVED}`)),
  })
  .check(
    z.refine(
      (it) => (it.sequence === 1) === (it.before === null),
      "has before only, and always, from the second step on",
    ),
    z.refine(
      ({ members, volumes }) => isInOrder(members, volumes.length),
      "has members out of order, twice, or of no volume",
    ),
    z.refine(({ members }) => members.at(-1)?.kind === "end", "must have the closing member as its last one"),
    z.refine(
      (it) => !it.members.some(({ kind, key }) => kind === "page" && it.removed.includes(key)),
      "removes a project of which it has a page",
    ),
  );

export type CarriedManifest = z.infer<typeof carriedManifest>;

/** Whether the members are by kind, then by volume, and each once. */
function isInOrder(members: readonly CarriedMember[], volumes: number): boolean {
  const seen = new Set(members.map(({ kind, key }) => `${kind} ${key}`));
  return (
    seen.size === members.length &&
    members.every(({ kind, volume }, at) => {
      const before = members[at - 1];
      if (volume > volumes) return false;
      return !before || (MEMBER_KINDS.indexOf(before.kind) <= MEMBER_KINDS.indexOf(kind) && before.volume <= volume);
    })
  );
}

/** The name of a member in its volume. */
export function memberPath({ kind, key }: Pick<CarriedMember, "kind" | "key">): string {
  if (kind === "page") return `page/${key}.json`;
  return kind === key ? kind : `${kind}/${key}`;
}

/** The bytes of the closing member: with them, a volume that was cut off is known by itself. */
export const endText = ({ chain, sequence }: Pick<CarriedManifest, "chain" | "sequence">) => `${chain} ${sequence}\n`;

/** A file on a carried page. Its address is made anew where it is received. */
const carriedFile = z.strictObject({
  filename,
  hashes: z.strictObject({ sha256 }),
  size: bytes,
  "requires-python": z.optional(z.string().check(z.refine(isPrintable, "must be printable"))),
  /** As the index gave it; left out where it gave none. */
  "upload-time": z.optional(time),
  yanked: z.optional(z.union([z.boolean(), z.string()])),
  /** Where the member `metadata` of the file is carried: its SHA-256. */
  "core-metadata": z.optional(z.strictObject({ sha256 })),
  /** Where the member `provenance` of the file is carried: its SHA-256. */
  provenance: z.optional(z.strictObject({ sha256 })),
});

/** A member `page`: a project as the index served it (PEP 691, 700, 792), with those files only that were carried, in this step or before. */
export const carriedPage = z
  .strictObject({
    name: projectName,
    "project-status": z.optional(z.strictObject({ status: z.string(), reason: z.optional(z.string()) })),
    files: z.array(carriedFile),
  })
  .check(
    z.refine(
      ({ files }) => new Set(files.map((file) => file.filename)).size === files.length,
      "lists a file name twice",
    ),
  );

export type CarriedPage = z.infer<typeof carriedPage>;

/** The member `lists`: the entries of the exported index's own policy that had not ended, as `GET /-/api/policy/entries` shows them. */
export const carriedLists = z.strictObject({
  entries: z.array(
    z.strictObject({
      kind: z.enum(ENTRY_KINDS),
      what: fileRule,
      reason: z.string().check(z.refine(isPrintable, "must be printable"), z.maxLength(300)),
      /** null: none. */
      advisory: z.nullable(z.string().check(z.maxLength(100))),
      /** null: never. */
      expires: z.nullable(time),
    }),
  ),
});

export type CarriedLists = z.infer<typeof carriedLists>;

/** The body that begins a step, or goes on with it. */
export const beginCarried = z.strictObject({
  /** The text of `manifest.json`; the signature is over its UTF-8 bytes. */
  manifest: z.string("must be a text"),
  /** What `manifest.sig` has: 64 bytes in base64. */
  signature: z.string("must be a text"),
});

/** How far a source of kind `offline` is. */
export const carriedState = z.object({
  /** The source's name in the configuration. */
  source: z.string(),
  /** null: nothing was carried yet. */
  chain: z.nullable(z.string()),
  /** The last whole step; 0: none. */
  sequence: z.number(),
  /** The SHA-256 of its manifest; null: none. */
  manifest: z.nullable(z.string()),
  /** When its export began; null: none. */
  at: z.nullable(z.string()),
  /** The step that was begun and is not whole; null: none. */
  open: z.nullable(
    z.object({
      sequence: z.number(),
      manifest: z.string(),
      members: z.number(),
      /** The members that are not there, as first and last numbers of ranges; the first member is 1. */
      missing: z.array(z.tuple([z.number(), z.number()])),
    }),
  ),
});

export type CarriedState = z.infer<typeof carriedState>;
