import type { Filename } from "./filename.ts";
import type { ProjectName } from "./name.ts";

/**
 * The algorithms whose digests are verified here, strongest first, with their hex digits: those that PEP 503 names. R2 and
 * WebCrypto know all of them but sha224.
 */
const HEX_DIGITS = { sha512: 128, sha384: 96, sha256: 64, sha224: 56, sha1: 40, md5: 32 } as const;
export type DigestAlgorithm = keyof typeof HEX_DIGITS;
export const DIGESTS = Object.keys(HEX_DIGITS) as DigestAlgorithm[];

/** Those against which nobody can make other bytes to fit: one of these is enough where another digest is malformed. */
const SECURE: readonly string[] = ["sha256", "sha384", "sha512", "sha224"];

/** More digests than any file has. */
const MAX_DIGESTS = 32;

/** An expected digest: the algorithm and its lower-case hex. */
export interface Digest {
  readonly algorithm: DigestAlgorithm;
  readonly hex: string;
}

/** A digest as fragments have it: `sha256=…`. */
export const digestText = ({ algorithm, hex }: Digest) => `${algorithm}=${hex}`;

/** Hex digests by algorithm, as PEP 691 has them. */
export type Hashes = Readonly<Record<string, string>>;

/**
 * An upstream's digests, in lower case: they end in headers and in the store's options. Those of algorithms that are not
 * verified here are handed on. A malformed one is left out where a secure one stands beside it, which is verified instead.
 *
 * @param raw names of algorithms with what should be their hex; `null` says that there is none
 * @returns undefined where nothing secure stands beside a malformed digest, or where two of one algorithm differ: the file
 *   would pass unchecked, or fail every check
 */
export function cleanHashes(raw: Iterable<readonly [string, unknown]>): Hashes | undefined {
  const clean: Record<string, string> = {};
  let count = 0;
  let isMalformed = false;
  for (const [name, value] of raw) {
    if (++count > MAX_DIGESTS) return undefined;
    if (value === null || value === undefined) continue;
    const algorithm = name.toLowerCase();
    const hex = typeof value === "string" ? value.toLowerCase() : "";
    if (!isPlausible(algorithm, hex)) isMalformed ||= DIGESTS.some((known) => known === algorithm);
    else if ((clean[algorithm] ??= hex) !== hex) return undefined;
  }
  return isMalformed && !SECURE.some((algorithm) => clean[algorithm]) ? undefined : clean;
}

function isPlausible(algorithm: string, hex: string): boolean {
  if (!/^[0-9a-f]{8,256}$/.test(hex) || !/^[a-z0-9][a-z0-9_-]{0,31}$/.test(algorithm)) return false;
  // Not verified here; uv refuses a page for one of another length, such as Python's own blake2b.
  if (algorithm === "blake2b") return hex.length === 64;
  const known = DIGESTS.find((digest) => digest === algorithm);
  return known === undefined || hex.length === HEX_DIGITS[known];
}

/** An upstream's serial, or undefined where it is none that could stand in a header. */
export function cleanSerial(raw: unknown): number | string | undefined {
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? raw : undefined;
  return typeof raw === "string" && /^[\w.-]{1,64}$/.test(raw) ? raw : undefined;
}

/**
 * One file of a project's page. The keys are PEP 691's own, so that the stored JSON is the model and nothing is mapped
 * between them. `url` is relative to the project's page and reversible (see file-url.ts); `_upstream` is there only where
 * the true URL does not follow from it, without its query, and `_provenance` where `provenance` leads to us.
 */
export interface FileEntry {
  readonly filename: Filename;
  readonly url: string;
  readonly _upstream?: string | undefined;
  /** Whether the true URL has a query. */
  readonly _signed?: true | undefined;
  /** That query, with its `?`. It is a secret: never on a stored page, and kept in a record beside it. */
  readonly _query?: string | undefined;
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
  /** The same of `_provenance`. */
  readonly _provenanceSigned?: true | undefined;
  readonly _provenanceQuery?: string | undefined;
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
 *
 * @param among the algorithms that count, strongest first
 */
export function verifiableDigest(hashes: Hashes, among: readonly DigestAlgorithm[] = DIGESTS): Digest | undefined {
  const algorithm = hashes["sha256"] ? "sha256" : among.find((known) => hashes[known]);
  const hex = algorithm && hashes[algorithm];
  return algorithm && hex ? { algorithm, hex } : undefined;
}

/**
 * Whether two files of these digests cannot be told to be the same: an algorithm that both have tells, else that neither has
 * one that can be verified.
 */
export function isOtherFile(one: Hashes, other: Hashes): boolean {
  const both = DIGESTS.filter((algorithm) => one[algorithm] !== undefined && other[algorithm] !== undefined);
  if (both.length > 0) return both.some((algorithm) => one[algorithm] !== other[algorithm]);
  return verifiableDigest(one) !== undefined || verifiableDigest(other) !== undefined;
}

/** Whether the upstream says that the project may be malicious and that its files are not to be offered (PEP 792). */
export const isUnderQuarantine = (status: ProjectStatus | undefined) => status?.status.toLowerCase() === "quarantined";
