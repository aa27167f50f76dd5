import { isOwnUrl, isUpstreamUrl } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { verifiableDigest, type FileEntry, type ProjectPage } from "../../pypi/page.ts";
import { canonicalVersion, publicVersion } from "../../pypi/pep440.ts";
import { versionOf } from "../../pypi/version.ts";
import type { LockedFile, LockedPackage } from "./lock.ts";
import { refusal, shown } from "./text.ts";

/** The lock file and the index, for messages. */
export interface LockAndIndex {
  readonly lockName: string;
  /** The index's URL, such as `https://host/simple/`. */
  readonly index: string;
}

/**
 * A function that chooses the files on a project page for a package of a lock: the files that the lock names, each once; or, where it
 * names none, all files of the version with one of the package's digests. Yanked files are included, since a lock pins them
 * (PEP 592). The page's file names are read once for any number of packages.
 *
 * @throws `unprocessable` (when the function is called) where the page lacks a file or the version, has another digest of a file or
 *   none to compare, or has the file from another address than the lock
 */
export function fileChooser(
  { files }: Pick<ProjectPage, "files">,
  project: ProjectName,
  where: LockAndIndex,
): (locked: LockedPackage) => FileEntry[] {
  let names: ReadonlyMap<string, FileEntry> | undefined;
  let versions: Versions | undefined;
  return (locked) =>
    locked.files.length > 0
      ? namedFiles(locked, (names ??= new Map(files.map((entry) => [entry.filename, entry]))), where)
      : filesOfVersion(locked, (versions ??= versionsOf(files, project)), where);
}

/** Drops packages that ask for the same files as an earlier one: they name no files, and have an equal version and digests. */
export function distinctPackages(packages: readonly LockedPackage[]): LockedPackage[] {
  const seen = new Set<string>();
  return packages.filter(({ version, files, digests }) => {
    const same = [canonicalVersion(version), ...digests.map(({ algorithm, hex }) => `${algorithm}:${hex}`)].join(" ");
    return files.length > 0 || seen.size < seen.add(same).size;
  });
}

function namedFiles(locked: LockedPackage, listed: ReadonlyMap<string, FileEntry>, where: LockAndIndex): FileEntry[] {
  const chosen = locked.files.map((file) => {
    const entry = listed.get(file.filename);
    if (!entry) {
      throw refusal(
        { name: where.lockName, line: file.line },
        `${file.filename} is not on the page of ${locked.name} at ${where.index}. It was deleted, or comes from another index: make the lock file again with this index.`,
      );
    }
    assertSameBytes(file, entry, where);
    assertSameAddress(file, entry, where);
    return entry;
  });
  return [...new Set(chosen)];
}

/**
 * Throws where a digest differs, or where the lock and the page have no algorithm in common: their digests cannot be compared without
 * the bytes, and the page alone must not decide what a lock pins.
 */
function assertSameBytes({ filename, digests, line }: LockedFile, { hashes }: FileEntry, where: LockAndIndex): void {
  const both = digests.filter(({ algorithm }) => hashes[algorithm] !== undefined);
  const other = both.find(({ algorithm, hex }) => hashes[algorithm] !== hex);
  if (other) {
    throw refusal(
      { name: where.lockName, line },
      `${filename} is locked with ${other.algorithm} ${other.hex}, and ${where.index} has ${hashes[other.algorithm]}: these are two different files. Lock again with this index if you trust it.`,
    );
  }
  if (both.length > 0 || digests.length === 0) return;
  const locked = digests.map(({ algorithm }) => algorithm).join(", ");
  throw refusal(
    { name: where.lockName, line },
    `${filename} is locked with its ${locked}, and ${where.index} has ${verifiableDigest(hashes)?.algorithm ?? "no digest"} of it, so it is unknown whether they are the same file. Lock again with this index.`,
  );
}

function assertSameAddress({ filename, url, line }: LockedFile, entry: FileEntry, where: LockAndIndex): void {
  if (url === undefined) return;
  const address = new URL(url);
  if (isOwnUrl(entry, address) || isUpstreamUrl(entry, address)) return;
  throw refusal(
    { name: where.lockName, line },
    `${filename} is locked at ${shown(url)}, which is not where ${where.index} has it from: an install would go there, not here. Map it with pypi-edge lock, or lock again with this index.`,
  );
}

function filesOfVersion(locked: LockedPackage, versions: Versions, where: LockAndIndex): FileEntry[] {
  const place = { name: where.lockName, line: locked.line };
  const entries = ofVersion(locked, versions);
  if (entries.length === 0) {
    throw refusal(
      place,
      `${locked.name} ${locked.version} has no file at ${where.index}. It was deleted, or comes from another index: make the lock file again with this index.`,
    );
  }
  const { digests } = locked;
  if (digests.length === 0) return [...entries];
  const chosen = entries.filter(({ hashes }) => digests.some(({ algorithm, hex }) => hashes[algorithm] === hex));
  if (chosen.length > 0) return chosen;
  throw refusal(
    place,
    `${locked.name} ${locked.version} has no file with any of the ${digests.length} locked hashes at ${where.index}. Lock again with this index if you trust it.`,
  );
}

/** A page's files by their versions, in canonical form. */
interface Versions {
  readonly exact: ReadonlyMap<string, readonly FileEntry[]>;
  /** By the version without its local label. */
  readonly public: ReadonlyMap<string, readonly FileEntry[]>;
}

function versionsOf(files: readonly FileEntry[], project: ProjectName): Versions {
  const versions = files.flatMap((entry) => {
    const written = versionOf(entry.filename, project);
    return written === undefined ? [] : [{ entry, version: canonicalVersion(written) }];
  });
  const by = (key: (version: string) => string) => {
    const groups = Map.groupBy(versions, ({ version }) => key(version));
    return new Map([...groups].map(([version, group]) => [version, group.map(({ entry }) => entry)]));
  };
  return { exact: by((version) => version), public: by(publicVersion) };
}

/** The files of a version. As with `==`, where the version itself is missing, one with a local label is taken (PEP 440). */
function ofVersion({ version }: LockedPackage, versions: Versions): readonly FileEntry[] {
  const wanted = canonicalVersion(version);
  return versions.exact.get(wanted) ?? versions.public.get(wanted) ?? [];
}
