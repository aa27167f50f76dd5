import type { Filename } from "./filename.ts";
import type { ProjectName } from "./name.ts";

/** The algorithms a file's digest may come in that both clients and R2 can verify, strongest first, with their hex digits. */
const HEX_DIGITS = { sha512: 128, sha384: 96, sha256: 64, sha1: 40, md5: 32 } as const;
export type DigestAlgorithm = keyof typeof HEX_DIGITS;
export const DIGESTS = Object.keys(HEX_DIGITS) as DigestAlgorithm[];

/** An expected digest: the algorithm and its lower-case hex. */
export interface Digest {
  readonly algorithm: DigestAlgorithm;
  readonly hex: string;
}

/** Hex digests by algorithm, as PEP 691 has them. */
export type Hashes = Readonly<Record<string, string>>;

/**
 * An upstream's digests, lower case, without what is none: they end in headers and in the store's options, and one that
 * cannot be right would only break every download. Others than those we can verify are handed on.
 */
export function cleanHashes(raw: Readonly<Record<string, unknown>>): Hashes {
  const clean: Record<string, string> = {};
  for (const [algorithm, value] of Object.entries(raw)) {
    const hex = typeof value === "string" ? value.toLowerCase() : "";
    const digits = DIGESTS.find((known) => known === algorithm);
    const plausible = /^[0-9a-f]{8,256}$/.test(hex) && /^[a-z0-9_-]{1,32}$/.test(algorithm);
    if (plausible && (!digits || hex.length === HEX_DIGITS[digits])) clean[algorithm] = hex;
  }
  return clean;
}

/** An upstream's serial, or undefined where it is none that could stand in a header. */
export function cleanSerial(raw: unknown): number | string | undefined {
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? raw : undefined;
  return typeof raw === "string" && /^[\w.-]{1,64}$/.test(raw) ? raw : undefined;
}

/**
 * One file of a project's page. The keys are PEP 691's own, so that the stored JSON is the model and nothing is mapped
 * between them. `url` is relative to the project's page and reversible (see file-url.ts); `_upstream` is there only where
 * the true URL does not follow from it, and `_provenance` where `provenance` leads to us.
 */
export interface FileEntry {
  readonly filename: Filename;
  readonly url: string;
  readonly _upstream?: string | undefined;
  readonly hashes: Hashes;
  readonly "requires-python"?: string | undefined;
  /** Bytes. */
  readonly size?: number | undefined;
  /** `yyyy-mm-ddThh:mm:ss[.ffffff]Z` (PEP 700). */
  readonly "upload-time"?: string | undefined;
  readonly yanked?: boolean | string | undefined;
  readonly "core-metadata"?: true | Hashes | undefined;
  readonly provenance?: string | undefined;
  readonly _provenance?: string | undefined;
  /** Which of the members above are not the upstream's own but were added here. */
  readonly _backfilled?: readonly Backfilled[] | undefined;
}

/** The members of an entry that are added where the upstream has none. */
export type Backfilled = "core-metadata" | "size" | "upload-time";

/** What the upstream itself says in `member`: only that can be held against the bytes that it sends. */
export function upstreamsOwn<Member extends Backfilled>(entry: FileEntry, member: Member): FileEntry[Member] {
  return entry._backfilled?.includes(member) ? undefined : entry[member];
}

/** PEP 792: what the maintainers or the index say of the whole project. */
export interface ProjectStatus {
  readonly status: string;
  readonly reason?: string | undefined;
}

/** A project's page as PEP 691, 700 and 792 describe it. */
export interface ProjectPage {
  readonly name: ProjectName;
  readonly versions?: readonly string[] | undefined;
  readonly files: readonly FileEntry[];
  readonly status?: ProjectStatus | undefined;
  /** The upstream's serial as it wrote it: a number on PyPI, a string on some proxies. */
  readonly lastSerial?: number | string | undefined;
}

/** The upstream's validators of a page, to be sent back as they came (RFC 9110, 13.1). */
export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/**
 * The strongest digest of `hashes` that can be verified, preferring sha256, which is what pages, lock files and ETags are
 * made of; undefined where there is none.
 */
export function verifiableDigest(hashes: Hashes): Digest | undefined {
  const algorithm = hashes["sha256"] ? "sha256" : DIGESTS.find((known) => hashes[known]);
  const hex = algorithm && hashes[algorithm];
  return algorithm && hex ? { algorithm, hex } : undefined;
}
