import { isOurs, isUpstreams } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { verifiableDigest, type FileEntry, type ProjectPage } from "../../pypi/page.ts";
import { canonicalVersion, publicVersion } from "../../pypi/pep440.ts";
import { versionOf } from "../../pypi/version.ts";
import type { LockedFile, LockedPackage } from "./lock.ts";
import { refusal, shown } from "./text.ts";

/** What an error names: the lock file, and the index whose page was looked at. */
export interface Where {
  readonly lockName: string;
  /** As a person knows it: its URL, `https://host/simple/`. */
  readonly index: string;
}

/**
 * Tells which of the files of a project's page a lock means by a package: those that it names, each once, or all of its version
 * that have one of the package's digests. Yanked ones count: a lock is what they are still there for (PEP 592). However many
 * packages it is asked about, the page's names are read once.
 *
 * @throws `unprocessable` (when asked) where the page lacks a file or the version, has another digest of a file or none to
 *   compare, or has it from another address than the lock
 */
export function fileChooser(
  { files }: Pick<ProjectPage, "files">,
  project: ProjectName,
  where: Where,
): (locked: LockedPackage) => FileEntry[] {
  let names: ReadonlyMap<string, FileEntry> | undefined;
  let versions: Versions | undefined;
  return (locked) =>
    locked.files.length > 0
      ? namedFiles(locked, (names ??= new Map(files.map((entry) => [entry.filename, entry]))), where)
      : filesOfVersion(locked, (versions ??= versionsOf(files, project)), where);
}

/** Without packages that mean the same files as one before: no names, an equal version, and the same digests. */
export function distinct(packages: readonly LockedPackage[]): LockedPackage[] {
  const seen = new Set<string>();
  return packages.filter(({ version, files, digests }) => {
    const same = [canonicalVersion(version), ...digests.map(({ algorithm, hex }) => `${algorithm}:${hex}`)].join(" ");
    return files.length > 0 || seen.size < seen.add(same).size;
  });
}

function namedFiles(locked: LockedPackage, listed: ReadonlyMap<string, FileEntry>, where: Where): FileEntry[] {
  const chosen = locked.files.map((file) => {
    const entry = listed.get(file.filename);
    if (!entry) {
      throw refusal(
        { name: where.lockName, line: file.line },
        `${file.filename} is not on the page of ${locked.name} at ${where.index}. It was deleted, or comes from another index: lock again with this one.`,
      );
    }
    assertSameBytes(file, entry, where);
    assertSameAddress(file, entry, where);
    return entry;
  });
  return [...new Set(chosen)];
}

/**
 * Digests by different algorithms cannot be compared without the bytes. That is refused: what a lock pins would be handed on
 * on the page's word alone.
 */
function assertSameBytes({ filename, digests, line }: LockedFile, { hashes }: FileEntry, where: Where): void {
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
    `${filename} is locked with its ${locked}, and ${where.index} has ${verifiableDigest(hashes)?.algorithm ?? "no digest"} of it: whether they are the same file cannot be told. Lock again with this index.`,
  );
}

function assertSameAddress({ filename, url, line }: LockedFile, entry: FileEntry, where: Where): void {
  if (url === undefined) return;
  const address = new URL(url);
  if (isOurs(entry, address) || isUpstreams(entry, address)) return;
  throw refusal(
    { name: where.lockName, line },
    `${filename} is locked at ${shown(url)}, which is not where ${where.index} has it from: an install would go there, not here. Map it with pypi-edge lock, or lock again with this index.`,
  );
}

function filesOfVersion(locked: LockedPackage, versions: Versions, where: Where): FileEntry[] {
  const place = { name: where.lockName, line: locked.line };
  const entries = ofVersion(locked, versions);
  if (entries.length === 0) {
    throw refusal(
      place,
      `${locked.name} ${locked.version} has no file at ${where.index}. It was deleted, or comes from another index: lock again with this one.`,
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

/** As `==` has it: a version without a local label means those with one too, where it is not there itself. */
function ofVersion({ version }: LockedPackage, versions: Versions): readonly FileEntry[] {
  const wanted = canonicalVersion(version);
  return versions.exact.get(wanted) ?? versions.public.get(wanted) ?? [];
}
