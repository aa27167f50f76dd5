import { messageOf } from "../../errors.ts";
import { fileTags, byTags, type FileTags } from "../../pypi/file-tags.ts";
import { fileLabel, isHostedEntry, refOf } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { FileEntry, ProjectStatus } from "../../pypi/page.ts";
import { canonicalVersion, parseVersion } from "../../pypi/pep440.ts";
import { chosenRelease, listedReleases, newestFirst, type ListedRelease } from "../../pypi/releases.ts";
import { RENDERER_VERSION, renderDescription } from "../../readme/render.ts";
import type { Context } from "../../repository/context.ts";
import type { Explain, ExplainedFile } from "../../repository/explanation.ts";
import type { ProjectUses, StoredUse } from "../../repository/ports/project-uses.ts";
import type { Readmes } from "../../repository/ports/readmes.ts";
import type { Project, Repository } from "../../repository/repository.ts";
import { buildersOf, type BuiltIndex, type FileBuilder } from "./file-builder.ts";
import { releaseMetadata, type ReleaseMetadata } from "./release-metadata.ts";

/** What the page needs of an index. */
export interface ViewedIndex extends BuiltIndex {
  readonly name: string;
  readonly repository: Repository;
  /** Explains what its policy refuses; undefined where it has none. */
  readonly explain: Explain | undefined;
  readonly uses: ProjectUses;
  readonly readmes: Readmes;
}

/** A file of the release that is shown. */
export interface ViewedFile {
  readonly entry: FileEntry;
  readonly tags: FileTags;
  readonly isHosted: boolean;
  /** undefined: it is not stored here, or that cannot be told. */
  readonly stored: StoredUse | undefined;
  /** undefined: it has no provenance. */
  readonly builder: FileBuilder | undefined;
}

/** A release that the index lists, or refuses whole. */
export interface ViewedRelease extends Pick<ListedRelease, "version" | "uploadedAt" | "yanked" | "reason"> {
  readonly files: number;
  readonly refused: readonly ExplainedFile[];
}

/** All that the page of a project says. */
export interface ProjectView {
  readonly project: ProjectName;
  readonly status: ProjectStatus | undefined;
  /** Whether it has hosted files, and whether it has files of an upstream. */
  readonly isHosted: boolean;
  readonly isMirrored: boolean;
  /** Percent-encoded address of the upstream; empty where no file comes from one. */
  readonly source: string;
  /** Newest first. */
  readonly releases: readonly ViewedRelease[];
  /** The release that is shown; undefined where the project has none. */
  readonly shown: ViewedRelease | undefined;
  readonly files: readonly ViewedFile[];
  readonly metadata: ReleaseMetadata;
  /** HTML of the description, in which nothing is active. */
  readonly readme: string | undefined;
  /** Why no provenance can be verified now, a sentence; undefined where it can, or no rule asks for it. */
  readonly unverifiable: string | undefined;
  /** Since when the upstream could not be asked. Milliseconds since the epoch. */
  readonly staleSince: number | undefined;
}

/** A person looks: what is read counts as no demand, and stores nothing that is not stored. */
export const lookingAt = (ctx: Context): Context => ({ ...ctx, isDemand: false, storesNothingNew: true });

/**
 * What an index shows of a project, and of one of its releases.
 *
 * @param version of the release; undefined: the one that installers choose
 * @param ctx of `lookingAt`
 * @returns null where the index has no such project, and `no-release` where it has no such release of it
 * @throws IndexError as the index's repository
 */
export async function viewProject(
  index: ViewedIndex,
  project: ProjectName,
  version: string | undefined,
  ctx: Context,
): Promise<ProjectView | null | "no-release"> {
  const found = await index.repository.project(project, ctx);
  if (!found) return null;
  const model = await found.page.model();
  // Only now: what explains reads below what may hide the project.
  const refused = await refusedFiles(index, project, ctx);
  const listed = listedReleases(project, model.files);
  const releases = withRefused(project, listed, refused);
  const wanted = version === undefined ? undefined : canonicalVersion(version);
  const chosen =
    wanted === undefined
      ? chosenRelease(listed)?.version
      : releases.find((each) => canonicalVersion(each.version) === wanted)?.version;
  const shown = releases.find((each) => each.version === (chosen ?? releases[0]?.version));
  if (wanted !== undefined && chosen === undefined) return "no-release";
  const entries = listed.find((each) => each.version === shown?.version)?.files ?? [];
  const [metadata, uses, builders] = await Promise.all([
    releaseMetadata(project, found.files, entries, ctx),
    usesOf(index, project, entries, ctx),
    buildersOf(index, project, entries, ctx),
  ]);
  const unverifiable = await index.builders.unusable(index.sources, ctx.now);
  const viewed = (entry: FileEntry): ViewedFile => ({
    entry,
    tags: fileTags(entry.filename),
    isHosted: isHostedEntry(entry),
    stored: uses.get(fileLabel(refOf(entry, "file"))),
    builder: builders(entry, unverifiable),
  });
  return {
    project,
    status: model.status,
    isHosted: model.files.some(isHostedEntry) || (model.files.length === 0 && isFromOverlay(found)),
    isMirrored: model.files.some((entry) => !isHostedEntry(entry)),
    source: found.files.source,
    releases,
    shown,
    files: entries.map(viewed).toSorted((one, other) => byTags(one.tags, other.tags)),
    metadata,
    readme: await readmeOf(metadata, index.readmes, ctx),
    unverifiable,
    staleSince: found.page.uncheckedSince,
  };
}

const isFromOverlay = ({ files }: Project) => files.source === "-";

/** The files that the index's policy refuses, those of the newest version first. */
export async function refusedFiles(
  { explain }: Pick<ViewedIndex, "explain">,
  project: ProjectName,
  ctx: Context,
): Promise<ExplainedFile[]> {
  const explained = (await explain?.(project, undefined, ctx)) ?? [];
  return explained
    .filter(({ verdict }) => verdict === "refused")
    .map((file) => ({ file, parsed: parseVersion(file.version ?? "") }))
    .toSorted(newestFirst)
    .map(({ file }) => file);
}

/** The releases on the page, and those of which every file is refused, newest first. */
function withRefused(
  project: ProjectName,
  listed: readonly ListedRelease[],
  refused: readonly ExplainedFile[],
): ViewedRelease[] {
  const byVersion = Map.groupBy(refused, ({ version }) => canonicalVersion(version ?? ""));
  // In one order with the others.
  const all = listedReleases(project, [
    ...listed.flatMap(({ files }) => files),
    ...refused.map(({ filename, hashes }) => ({ filename, hashes, url: "" })),
  ]);
  const shown = new Map(listed.map((release) => [canonicalVersion(release.version), release]));
  return all.map(({ version }) => {
    const key = canonicalVersion(version);
    const own = byVersion.get(key) ?? [];
    const release = shown.get(key);
    if (release) return { ...release, files: release.files.length, refused: own };
    const times = own.flatMap(({ uploadedAt }) => uploadedAt ?? []);
    const uploadedAt = times.length === 0 ? undefined : Math.min(...times);
    return { version, uploadedAt, yanked: false, reason: undefined, files: 0, refused: own };
  });
}

/** Which files are stored. A hosted one always is; where the database does not answer, nothing is said. */
async function usesOf(
  { sources, uses }: ViewedIndex,
  project: ProjectName,
  entries: readonly FileEntry[],
  ctx: Context,
): Promise<ReadonlyMap<string, StoredUse>> {
  if (entries.every(isHostedEntry)) return new Map();
  return uses.of(sources, project).catch((error: unknown) => {
    ctx.report({ event: "storage-failed", what: `which files of ${project} are stored`, reason: messageOf(error) });
    return new Map();
  });
}

async function readmeOf({ known }: ReleaseMetadata, readmes: Readmes, ctx: Context): Promise<string | undefined> {
  const first = known.find(({ metadata }) => metadata.description);
  if (!first?.metadata.description) return undefined;
  const key = `${RENDERER_VERSION}/${first.digest}`;
  const kept = await readmes.get(key, ctx.now);
  if (kept !== undefined) return kept;
  const html = renderDescription(first.metadata.description);
  ctx.defer(readmes.put(key, html));
  return html;
}
