import { documentPath } from "../../pypi/document.ts";
import { hostedUrl } from "../../pypi/file-url.ts";
import { isWheel, type Filename } from "../../pypi/filename.ts";
import { identityOf } from "../../pypi/identity.ts";
import { canonicalVersion } from "../../pypi/pep440.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { FileEntry, ProjectPage } from "../../pypi/page.ts";
import { matcher } from "../../pypi/pattern.ts";
import type { HostedFile, HostedProject } from "../../repository/ports/hosted-packages.ts";

/** What this needs of an index's configuration (`IndexConfig`), which layers do not import. */
export interface HostingIndex {
  /** The name of the index that hosts them. */
  readonly index: string;
  /** Patterns of hosted names that the index merges with the same names in the sources, on one page. */
  readonly merge: readonly string[];
}

/** What an index shows of a project that it hosts. */
export interface ShownProject {
  readonly name: ProjectName;
  /** The hosted projects of this name that are shown, by overlay. Of two files of one name, the first one is shown. */
  readonly tiers: readonly [HostedProject, ...HostedProject[]];
  /** Whether the sources below may have the name as well. */
  readonly isOpen: boolean;
  /** The tier that is quarantined (PEP 792): neither its files nor those below it are shown. */
  readonly quarantined: HostedProject | undefined;
}

/**
 * Returns a function that tells what an index with these overlays shows of a project, given the indexes that host it in
 * the overlays' order. The first has the name entirely, unless it merges the name; then the next one's files are shown
 * as well, and so on. The function returns undefined where no index hosts the project.
 */
export function shownProjects(overlays: readonly HostingIndex[]) {
  const merging = new Map(overlays.map(({ index, merge }) => [index, merge.map(matcher)]));
  return (name: ProjectName, hosts: readonly HostedProject[] = []): ShownProject | undefined => {
    const lastShown = hosts.findIndex(
      ({ index, status }) => status?.status === QUARANTINED || !merging.get(index)?.some((matches) => matches(name)),
    );
    const [first, ...others] = lastShown === -1 ? hosts : hosts.slice(0, lastShown + 1);
    if (!first) return undefined;
    const tiers = [first, ...others] as const;
    const quarantined = tiers.find(({ status }) => status?.status === QUARANTINED);
    return { name, tiers, isOpen: lastShown === -1, quarantined };
  };
}

/**
 * The hosted part of a project, as a page.
 *
 * @param root the index's absolute address without a final slash, which the addresses of provenance begin with (PEP 740); undefined where
 *   it is not known: then the page has none
 */
export function hostedPage({ name, tiers }: ShownProject, root: string | undefined): ProjectPage {
  const pages = tiers.map((tier) => pageOf(name, tier, root));
  return pages.reduceRight((below, above) => mergePages(above, below));
}

/** Whether a file of that name, in any spelling, is hosted. */
export function hasFile({ name, tiers }: ShownProject, filename: Filename): boolean {
  const wanted = keysOf(filename, name);
  return tiers.some(({ files }) =>
    files.some((file) => keysOf(file.filename, name).some((key) => wanted.includes(key))),
  );
}

/**
 * Merges two pages of a project: of two files of one name, in any spelling, the one of `above` is listed. The status is
 * that of `above`, if it has one. A quarantine of `below` concerns only its own files, which its page does not list.
 */
export function mergePages(above: ProjectPage, below: ProjectPage): ProjectPage {
  const { name, status } = above;
  const own = new Set(above.files.flatMap(({ filename }) => keysOf(filename, name)));
  const versions = new Set(above.versions?.map(canonicalVersion));
  return {
    name,
    // An older upstream gives no versions. Then none are listed at all: a partial list would be wrong (PEP 700).
    versions: below.versions && [
      ...(above.versions ?? []),
      ...below.versions.filter((version) => !versions.has(canonicalVersion(version))),
    ],
    files: [
      ...above.files,
      ...below.files.filter(({ filename }) => !keysOf(filename, name).some((key) => own.has(key))),
    ],
    status: status ?? (below.status?.status === QUARANTINED ? undefined : below.status),
    _publishers: below._publishers,
  };
}

function pageOf(name: ProjectName, { status, files: all }: HostedProject, root: string | undefined): ProjectPage {
  const files = status?.status === QUARANTINED ? [] : all;
  const versions = [...new Set(files.map(({ version }) => version))];
  return { name, status, versions, files: files.map((file) => entryOf(name, file, root)) };
}

function entryOf(project: ProjectName, file: HostedFile, root: string | undefined): FileEntry {
  const { filename, version, sha256, size, metadata, requiresPython, uploadedAt, yanked, isAttested } = file;
  return {
    filename,
    url: hostedUrl(sha256, filename),
    hashes: { sha256 },
    "requires-python": requiresPython,
    size,
    "upload-time": new Date(uploadedAt).toISOString(),
    // An empty reason would read as "not yanked" in JSON (PEP 691).
    yanked: yanked === "" ? true : (yanked ?? false),
    // Of an sdist, pip would take what PKG-INFO says for all that it needs, and a build may add to it (PEP 643).
    "core-metadata": metadata === undefined || !isWheel(filename) ? undefined : { sha256: metadata },
    provenance:
      isAttested && root !== undefined
        ? `${root}/${documentPath({ kind: "provenance", project, version, filename })}`
        : undefined,
  };
}

/** Two files are the same where either of these keys is equal. */
const keysOf = (filename: Filename, name: ProjectName) => [filename.toLowerCase(), identityOf(filename, name)];

const QUARANTINED = "quarantined";
