import { hostedUrl } from "../../pypi/file-url.ts";
import type { Filename } from "../../pypi/filename.ts";
import { identityOf } from "../../pypi/identity.ts";
import { canonicalVersion } from "../../pypi/pep440.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { FileEntry, ProjectPage } from "../../pypi/page.ts";
import { matcher } from "../../pypi/pattern.ts";
import type { HostedFile, HostedProject } from "../../repository/ports/hosted-packages.ts";

/** As an index of the configuration (`IndexConfig`) has it: what is configured is handed in here, and never imported. */
export interface HostingIndex {
  /** The name of the index that hosts them. */
  readonly index: string;
  /** Patterns of hosted names that shadow nothing: what lies below has them as well, and the two are one page. */
  readonly merge: readonly string[];
}

/** What an index shows of a project that it hosts. */
export interface ShownProject {
  readonly name: ProjectName;
  /** Who hosts it, as far down as is shown. Of two files of one name, the upper one is shown. */
  readonly tiers: readonly [HostedProject, ...HostedProject[]];
  /** Whether what lies below them has the name as well. */
  readonly isOpen: boolean;
  /** The one that is quarantined (PEP 792): neither its files nor what lies below are shown. */
  readonly quarantined: HostedProject | undefined;
}

/**
 * Tells what an index with these overlays shows of a project, given who hosts it, in the overlays' order. The first has it
 * entirely, unless its index merges the name; then the next one does as well, and so on. Undefined where nobody hosts it.
 */
export function shownProjects(overlays: readonly HostingIndex[]) {
  const merging = new Map(overlays.map(({ index, merge }) => [index, merge.map(matcher)]));
  return (name: ProjectName, hosts: readonly HostedProject[] = []): ShownProject | undefined => {
    const closing = hosts.findIndex(
      ({ index, status }) => status?.status === QUARANTINED || !merging.get(index)?.some((matches) => matches(name)),
    );
    const [first, ...others] = closing === -1 ? hosts : hosts.slice(0, closing + 1);
    if (!first) return undefined;
    const tiers = [first, ...others] as const;
    const quarantined = tiers.find(({ status }) => status?.status === QUARANTINED);
    return { name, tiers, isOpen: closing === -1, quarantined };
  };
}

/** What of it is hosted, as a page. */
export function hostedPage({ name, tiers }: ShownProject): ProjectPage {
  const pages = tiers.map((tier) => pageOf(name, tier));
  return pages.reduceRight((below, above) => merged(above, below));
}

/** Whether a file of that name is among what is hosted, in whatever spelling. */
export function hasFile({ name, tiers }: ShownProject, filename: Filename): boolean {
  const wanted = keysOf(filename, name);
  return tiers.some(({ files }) =>
    files.some((file) => keysOf(file.filename, name).some((key) => wanted.includes(key))),
  );
}

/**
 * Two pages of a project as one: of two files of one name, in whatever spelling, the one above is listed. The status is that
 * of the page above, if it has one. A quarantine below is about the files below, which its page does not list.
 */
export function merged(above: ProjectPage, below: ProjectPage): ProjectPage {
  const { name, status } = above;
  const own = new Set(above.files.flatMap(({ filename }) => keysOf(filename, name)));
  const versions = new Set(above.versions?.map(canonicalVersion));
  return {
    name,
    // Without the versions below, which an older upstream does not give, they could not be told at all (PEP 700).
    versions: below.versions && [
      ...(above.versions ?? []),
      ...below.versions.filter((version) => !versions.has(canonicalVersion(version))),
    ],
    files: [
      ...above.files,
      ...below.files.filter(({ filename }) => !keysOf(filename, name).some((key) => own.has(key))),
    ],
    status: status ?? (below.status?.status === QUARANTINED ? undefined : below.status),
  };
}

function pageOf(name: ProjectName, { status, files: all }: HostedProject): ProjectPage {
  const files = status?.status === QUARANTINED ? [] : all;
  return { name, status, versions: [...new Set(files.map(({ version }) => version))], files: files.map(entryOf) };
}

function entryOf({ filename, sha256, size, metadata, requiresPython, uploadedAt, yanked }: HostedFile): FileEntry {
  return {
    filename,
    url: hostedUrl(sha256, filename),
    hashes: { sha256 },
    "requires-python": requiresPython,
    size,
    "upload-time": new Date(uploadedAt).toISOString(),
    // In JSON an empty reason would read as no (PEP 691).
    yanked: yanked === "" ? true : (yanked ?? false),
    "core-metadata": metadata === undefined ? undefined : { sha256: metadata },
  };
}

/** What says that two files are one: either of these. */
const keysOf = (filename: Filename, name: ProjectName) => [filename.toLowerCase(), identityOf(filename, name)];

const QUARANTINED = "quarantined";
