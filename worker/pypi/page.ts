import type { Filename } from "./filename.ts";
import type { ProjectName } from "./name.ts";
import type { KnownPublisher } from "./publisher.ts";

/**
 * The algorithms whose digests are verified here, strongest first, with their hex digits: those that PEP 503 names. R2 and
 * WebCrypto support all of them but sha224.
 */
const HEX_DIGITS = { sha512: 128, sha384: 96, sha256: 64, sha224: 56, sha1: 40, md5: 32 } as const;
export type DigestAlgorithm = keyof typeof HEX_DIGITS;
export const DIGESTS = Object.keys(HEX_DIGITS) as DigestAlgorithm[];

/** Collision-resistant algorithms: a digest of one of these is enough where another digest is malformed. */
const SECURE: readonly string[] = ["sha256", "sha384", "sha512", "sha224"];

/** More digests than any real file has. */
const MAX_DIGESTS = 32;

/** An expected digest, in lower-case hex. */
export interface Digest {
  readonly algorithm: DigestAlgorithm;
  readonly hex: string;
}

/** A digest as in a URL's fragment: `sha256=…`. */
export const digestText = ({ algorithm, hex }: Digest) => `${algorithm}=${hex}`;

/** Hex digests by algorithm, as in PEP 691. */
export type Hashes = Readonly<Record<string, string>>;

/**
 * An upstream's digests, checked and in lower case, since they are used in headers and in options of the store. Digests of other
 * algorithms, which are not verified here, are passed on. A malformed digest is left out where there is also a secure one, which is
 * verified instead.
 *
 * @param raw names of algorithms, each with the value that should be a hex digest; `null` stands for none
 * @returns undefined where a digest is malformed and none is secure (the file would be served unverified), or where two digests
 *   of one algorithm differ (the file would fail every check)
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
  // What nearly all files have.
  if (algorithm === "sha256" && hex.length === HEX_DIGITS.sha256) return /^[0-9a-f]+$/.test(hex);
  if (!/^[0-9a-f]{8,256}$/.test(hex) || !/^[a-z0-9][a-z0-9_-]{0,31}$/.test(algorithm)) return false;
  // Not verified here. uv refuses a page with one of another length, such as the 128 digits of Python's default blake2b.
  if (algorithm === "blake2b") return hex.length === 64;
  const known = DIGESTS.find((digest) => digest === algorithm);
  return known === undefined || hex.length === HEX_DIGITS[known];
}

/** An upstream's serial, or undefined where the value cannot be used in a header. */
export function cleanSerial(raw: unknown): number | string | undefined {
  if (typeof raw === "number") return Number.isSafeInteger(raw) ? raw : undefined;
  return typeof raw === "string" && /^[\w.-]{1,64}$/.test(raw) ? raw : undefined;
}

/**
 * One file of a project page. The keys are PEP 691's own, so that the stored JSON is the model and needs no mapping. `url` is
 * relative to the project page, and the upstream's URL can be derived from it (see file-url.ts). Where it cannot, `_upstream` is
 * the upstream's URL without its query. `_provenance` is the upstream's URL where `provenance` is a URL of ours.
 */
export interface FileEntry {
  readonly filename: Filename;
  readonly url: string;
  readonly _upstream?: string | undefined;
  /** Whether the upstream's URL has a query. */
  readonly _signed?: true | undefined;
  /** That query, with its `?`. It may be a secret: it is never on a stored page, but kept in a record beside it. */
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
  /** Whether the upstream's provenance URL has a query; `_provenanceQuery` is that query. */
  readonly _provenanceSigned?: true | undefined;
  readonly _provenanceQuery?: string | undefined;
  /** Of a file whose provenance was verified: the place of its publisher in the page's `_publishers`. */
  readonly _publisher?: number | undefined;
  /** Why its provenance proves nothing: a sentence that goes on after "its provenance is not valid". */
  readonly _unproven?: string | undefined;
  /** Why it is listed although its upstream has removed it, or has other bytes by its name: a rule of the source keeps it. */
  readonly _kept?: "removed" | "changed" | undefined;
  /** The members above that the upstream does not have and that were added here. */
  readonly _backfilled?: readonly Backfilled[] | undefined;
}

/** The members of an entry that are added where the upstream has none. */
export type Backfilled = "core-metadata" | "size" | "upload-time";

/** The upstream's own value of `member`: only such a value can be compared with the bytes that the upstream sends. */
export function upstreamValue<Member extends Backfilled>(entry: FileEntry, member: Member): FileEntry[Member] {
  return entry._backfilled?.includes(member) ? undefined : entry[member];
}

/** PEP 792. */
export interface ProjectStatus {
  readonly status: string;
  readonly reason?: string | undefined;
}

/** A project page as PEP 691, 700 and 792 describe it. */
export interface ProjectPage {
  readonly name: ProjectName;
  readonly versions?: readonly string[] | undefined;
  readonly files: readonly FileEntry[];
  readonly status?: ProjectStatus | undefined;
  /** The upstream's serial as it wrote it: a number on PyPI, a string on some proxies. */
  readonly lastSerial?: number | string | undefined;
  /** The publishers of all files of the project whose provenance was verified, also of files that are gone; the first one first. */
  readonly _publishers?: readonly KnownPublisher[] | undefined;
}

/** The upstream's validators of a page, which are sent back unchanged to revalidate it (RFC 9110, 13.1). */
export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/**
 * The sha256 of `hashes`, which pages, lock files and ETags use; else the strongest digest that can be verified; undefined where
 * there is none.
 *
 * @param among the algorithms to choose from, strongest first
 */
export function verifiableDigest(hashes: Hashes, among: readonly DigestAlgorithm[] = DIGESTS): Digest | undefined {
  const algorithm = hashes["sha256"] ? "sha256" : among.find((known) => hashes[known]);
  const hex = algorithm && hashes[algorithm];
  return algorithm && hex ? { algorithm, hex } : undefined;
}

/**
 * Whether two files with these digests must be treated as different. Algorithms that both have decide; without one, the files count
 * as the same only where neither has a verifiable digest.
 */
export function isOtherFile(one: Hashes, other: Hashes): boolean {
  const both = DIGESTS.filter((algorithm) => one[algorithm] !== undefined && other[algorithm] !== undefined);
  if (both.length > 0) return both.some((algorithm) => one[algorithm] !== other[algorithm]);
  return verifiableDigest(one) !== undefined || verifiableDigest(other) !== undefined;
}

/** Whether the upstream says that the project may be malicious and must not be offered to installers (PEP 792). */
export const isUnderQuarantine = (status: ProjectStatus | undefined) => status?.status.toLowerCase() === "quarantined";

/** Whether a file is yanked (PEP 592): `yanked` may be a reason, and a reason may be empty. */
export const isYanked = ({ yanked }: Pick<FileEntry, "yanked">) => yanked !== undefined && yanked !== false;
