import { IndexError } from "../../errors.ts";
import { HOSTED_SEGMENT, type FileRef } from "../../pypi/file-url.ts";
import { projectCandidates, type Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { hasFile, shownProjects, hostedPage, type ShownProject, type HostingIndex } from "./shown-project.ts";
import { HostedFiles, isQuarantined } from "./hosted-files.ts";
import { hostedList } from "./hosted-listing.ts";
import { mergedPage } from "./merged-page.ts";
import { withValue, type NowOrLater } from "../../repository/now-or-later.ts";
import type {
  HostedBytes,
  HostedPackages,
  HostedProvenance,
  HostedUses,
  MergedPages,
} from "../../repository/ports/hosted-packages.ts";
import { Document } from "../../repository/document.ts";
import { mergeListings } from "../merge-listings.ts";
import type { Layer } from "../../repository/repository.ts";
import { overlaidFiles } from "./project-files.ts";
import type { ListedFile } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";

export interface OverlayParts {
  /** The indexes whose hosted packages this index shows; the first takes precedence. */
  readonly overlays: readonly HostingIndex[];
  readonly hosting: HostedPackages;
  readonly bytes: HostedBytes;
  readonly uses: HostedUses;
  readonly made: MergedPages;
  readonly provenance: HostedProvenance;
  /** As of `hostedPage`. */
  readonly root: string | undefined;
}

/**
 * Puts hosted packages over the sources. A hosted name belongs to the index alone: no source is asked for its page, nor
 * for a file or document that may belong to it; and where it cannot be found out whether a name is hosted, the request
 * fails. Where the index merges a name, its page also lists the sources' files, without those that hosted files
 * replace.
 */
export function overlay(parts: OverlayParts): Layer {
  const { overlays, hosting, made, root } = parts;
  const indexes = overlays.map(({ index }) => index);
  const holdingOf = shownProjects(overlays);
  const files = new HostedFiles(overlays, parts);

  const find = (name: ProjectName, ctx: Context): NowOrLater<ShownProject | undefined> =>
    withValue(hosting.projects([name], indexes, ctx), (hosts) => holdingOf(name, hosts.get(name)));

  if (overlays.length === 0) return hostingNothing(files);
  return (inner) => ({
    projects: (ctx) =>
      mergeListings([hostedList(hosting, indexes), { repository: inner, has: () => true }], "hosted", ctx),

    async project(name, ctx, demand) {
      const asked = find(name, ctx);
      const holding = asked instanceof Promise ? await asked : asked;
      if (!holding) return inner.project(name, ctx, demand);
      const below = holding.isOpen ? await inner.project(name, ctx, demand) : null;
      return {
        page: await mergedPage(holding, below?.page ?? null, made, root, ctx),
        files: overlaidFiles(below?.files, files),
      };
    },

    async file(request, ctx) {
      const { ref } = request;
      if (ref.origin === HOSTED_SEGMENT) return files.get(request, ctx);
      const all = request.candidates ?? projectCandidates(ref.filename);
      const admits = async (name: ProjectName) =>
        isFromBelow(await find(name, ctx), ref) && (await request.admits?.(name)) !== false;
      if (all.length === 0) return inner.file({ ...request, admits }, ctx);
      const hosts = await hosting.projects(all, indexes, ctx);
      const holdings = new Map(all.map((name) => [name, holdingOf(name, hosts.get(name))]));
      const candidates = all.filter((name) => isFromBelow(holdings.get(name), ref));
      if (candidates.length > 0) return inner.file({ ...request, candidates, admits }, ctx);
      const holding = [...holdings.values()].find((it) => it !== undefined);
      throw holding?.quarantined ? isQuarantined(holding.name) : isOurs(ref, holding?.name);
    },

    async document(request, ctx) {
      const { ref } = request;
      const holding = await find(ref.project, ctx);
      // A merged project has no JSON: the upstream's would contradict the merged page.
      const isFree = ref.kind === "provenance" && isFromBelow(holding, ref);
      if (!holding || isFree) return inner.document(request, ctx);
      const own = ref.kind === "provenance" ? await hostedDocument(holding, ref.filename, parts, ctx) : undefined;
      if (own) return own;
      throw new IndexError(
        "document-not-found",
        `This index hosts ${ref.project} itself, and has no JSON of it, and provenance only of files that came with attestations: its page in the Simple API says what there is.`,
      );
    },

    async hostedFiles(of, ctx) {
      const own = of === "all" ? indexes : indexes.slice(0, 1);
      const hosts = of === "all" ? await hosting.all(own, ctx) : await hosting.projects([of], own, ctx);
      const listed = [...hosts].flatMap(([project, having]): ListedFile[] => {
        const holding = holdingOf(project, having);
        return holding ? hostedPage(holding, root).files.map((entry) => ({ project, entry })) : [];
      });
      return of === "all" || hosts.get(of)?.length ? listed : null;
    },
  });
}

/** The provenance of a hosted file; undefined where it has none. */
async function hostedDocument(
  { tiers, quarantined }: ShownProject,
  filename: Filename,
  { provenance }: OverlayParts,
  { now }: Context,
): Promise<Document | undefined> {
  const tier = tiers.find(({ files }) => files.some((each) => each.filename === filename));
  const file = tier?.files.find((each) => each.filename === filename);
  const text = tier && file && !quarantined ? await provenance.of(tier.index, file) : undefined;
  if (text === undefined) return undefined;
  const answer = { kind: "document" as const, text, type: "integrity" as const, serial: undefined, validators: {} };
  return Document.from(answer, new URL("hosted:provenance"), now);
}

/** Whether a source may serve a file that may belong to this project. */
const isFromBelow = (holding: ShownProject | undefined, { filename }: Pick<FileRef, "filename">) =>
  !holding || (holding.isOpen && !hasFile(holding, filename));

/**
 * For an index that hosts nothing: an address of a hosted file is answered as not found, and no upstream is asked for
 * it.
 */
const hostingNothing =
  (files: HostedFiles): Layer =>
  (inner) => ({
    ...inner,
    file: (request, ctx) =>
      request.ref.origin === HOSTED_SEGMENT ? files.get(request, ctx) : inner.file(request, ctx),
  });

const isOurs = ({ filename }: FileRef, project: ProjectName | undefined) =>
  new IndexError(
    "file-not-found",
    `This index hosts ${project} itself and does not serve an upstream's ${filename}. The project's page lists its files; if a lock file names this address, lock again with this index.`,
  );
