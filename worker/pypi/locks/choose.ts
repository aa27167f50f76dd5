import { isOurs, isUpstreams } from "../file-url.ts";
import { verifiableDigest, type FileEntry, type ProjectPage } from "../page.ts";
import { versionOf } from "../version.ts";
import type { LockedFile, LockedPackage } from "./lock.ts";
import { canonicalVersion, publicVersion } from "./pep440.ts";
import { refusal, shown } from "./text.ts";

/** What an error names: the lock file, and the index whose page was looked at. */
export interface Where {
  readonly lockName: string;
  /** As a person knows it: its URL, `https://host/simple/`. */
  readonly index: string;
}

/**
 * Which of the page's files a lock means by a package: those that it names, each once, or all of its version that have one of the
 * package's digests. Yanked ones count: a lock is what they are still there for (PEP 592).
 *
 * @throws `unprocessable` where the page lacks a file or the version, has another digest of a file or none to compare, or has it
 *   from another address than the lock
 */
export function chooseFiles(locked: LockedPackage, { files }: Pick<ProjectPage, "files">, where: Where): FileEntry[] {
  return locked.files.length > 0 ? namedFiles(locked, files, where) : filesOfVersion(locked, files, where);
}

function namedFiles(locked: LockedPackage, files: readonly FileEntry[], where: Where): FileEntry[] {
  const listed = new Map(files.map((entry) => [entry.filename as string, entry]));
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
    `${filename} is locked at ${shown(url)}, which is not where ${where.index} has it from: an install would go there, not here. Map it with npm run lock, or lock again with this index.`,
  );
}

function filesOfVersion(locked: LockedPackage, files: readonly FileEntry[], where: Where): FileEntry[] {
  const place = { name: where.lockName, line: locked.line };
  const entries = ofVersion(locked, files);
  if (entries.length === 0) {
    throw refusal(
      place,
      `${locked.name} ${locked.version} has no file at ${where.index}. It was deleted, or comes from another index: lock again with this one.`,
    );
  }
  const { digests } = locked;
  if (digests.length === 0) return entries;
  const chosen = entries.filter(({ hashes }) => digests.some(({ algorithm, hex }) => hashes[algorithm] === hex));
  if (chosen.length > 0) return chosen;
  throw refusal(
    place,
    `${locked.name} ${locked.version} has no file with any of the ${digests.length} locked hashes at ${where.index}. Lock again with this index if you trust it.`,
  );
}

/** As `==` has it: a version without a local label means those with one too, where it is not there itself. */
function ofVersion({ name, version }: LockedPackage, files: readonly FileEntry[]): FileEntry[] {
  const wanted = canonicalVersion(version);
  const versions = files.map((entry) => {
    const written = versionOf(entry.filename, name);
    return { entry, version: written === undefined ? undefined : canonicalVersion(written) };
  });
  const exact = versions.filter((each) => each.version === wanted);
  const found =
    exact.length > 0 ? exact : versions.filter((each) => each.version && publicVersion(each.version) === wanted);
  return found.map(({ entry }) => entry);
}
