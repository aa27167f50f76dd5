import { IndexError } from "../../errors.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import { projectCandidates } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { verifiableDigest, type FileEntry, type ProjectPage } from "../../pypi/page.ts";
import { withProvenanceBelow } from "../../pypi/provenance.ts";
import { findEntry, findFile } from "../../pypi/simple-json.ts";
import { uploadedAtOf } from "../../pypi/upload-time.ts";
import type { Artifact, ArtifactFacts } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import { Document } from "../../repository/document.ts";
import { inBatches } from "../../repository/list-shapes.ts";
import { Page } from "../../repository/page.ts";
import type { Carried, CarriedProject } from "../../repository/ports/carried.ts";
import { MAX_IN_MEMORY, type MergedPages } from "../../repository/ports/hosted-packages.ts";
import { ProjectList } from "../../repository/project-list.ts";
import { resolveRange } from "../../repository/range.ts";
import type { FileRequest, Repository } from "../../repository/repository.ts";
import { sha256 } from "../../repository/sha256.ts";
import type { VerdictStore } from "../../repository/ports/provenance.ts";
import { withPublishers } from "../proven-page.ts";
import { readOrReport } from "../revalidate.ts";
import { pageOfCarried, projectIn } from "./carried-page.ts";

export interface OfflineParts {
  /** The source's key. */
  readonly source: string;
  /** The host in the addresses of its files. */
  readonly origin: string;
  /** Our absolute address below which provenance is served; undefined: pages do not say where it is. */
  readonly root: string | undefined;
  readonly carried: Carried;
  /** The pages that were made of those that were carried. */
  readonly made: MergedPages;
  /** What came of verifying its files' provenance; undefined where no rule asks for it. */
  readonly verdicts: VerdictStore | undefined;
}

/** A file's entry on its page, and when that arrived: milliseconds since the epoch. */
interface Located {
  readonly project: ProjectName;
  readonly entry: FileEntry;
  readonly changedAt: number;
}

/** So much smaller is a page once it is gzipped, at least. */
const COMPRESSED = 3;

/**
 * A source of what was carried across an air gap. It has pages, files and provenance in its own stores, and never asks a network:
 * what was not carried does not exist here, and what was carried and cannot be read is an error.
 */
export function offlineSource({ source, origin, root, carried, made, verdicts }: OfflineParts): Repository {
  const describe = withPublishers(verdicts)(async (page) => page);

  async function pageOf(name: ProjectName, of: CarriedProject, ctx: Context, remake = false): Promise<Page> {
    const isLarge = of.size > COMPRESSED * MAX_IN_MEMORY;
    const state = `${of.sha256} ${of.changedAt} ${root ?? ""}`;
    const known = remake
      ? null
      : await readOrReport(async () => made.get(name, state, isLarge, ctx.now), `${name}, carried`, ctx);
    if (known) return known;
    const text = new TextDecoder().decode(await carried.read(of.sha256));
    const described = await describe(provenBelow(pageOfCarried(text, origin)), { known: undefined, remake }, ctx);
    const page = await Page.from(described, {}, of.changedAt);
    ctx.defer(made.put(name, state, isLarge, page, ctx.now));
    return page.as("r2");
  }

  /** Without our own address a page cannot say where provenance is: it names it only for the guard. */
  const provenBelow = (page: ProjectPage): ProjectPage =>
    root === undefined && !verdicts
      ? { ...page, files: page.files.map((entry) => ({ ...entry, provenance: undefined })) }
      : withProvenanceBelow(root, page);

  /** The text of a project's page, and when it arrived; null where it was not carried. */
  async function textOf(name: ProjectName, ctx: Context) {
    const found = await carried.project(name);
    return found ? { text: await (await pageOf(name, found, ctx)).text(), changedAt: found.changedAt } : null;
  }

  /** The entry of a file with one of our addresses; null where it is none of ours. Throws `file-not-found` where it is not listed. */
  async function locate(request: FileRequest, ctx: Context): Promise<Located | null> {
    const { ref } = request;
    const project = ref.origin === origin ? projectIn(ref.path) : undefined;
    if (project === undefined || !(await mayBeOf(project, request))) return null;
    const page = await textOf(project, ctx);
    if (!page) return null;
    const entry = findFile(page.text, ref);
    if (!entry || (ref.part === "metadata" && !entry["core-metadata"])) throw notListed(ref, project);
    return { project, entry, changedAt: page.changedAt };
  }

  async function artifactOf(
    located: Located,
    { ref, headOnly, range, assertAdmitted }: Pick<FileRequest, "ref" | "headOnly" | "range" | "assertAdmitted">,
  ): Promise<Artifact> {
    const { entry } = located;
    const facts = { ...factsOf(located, ref), via: "r2" as const, ...(assertAdmitted && { source }) };
    const bytes = ref.part === "metadata" ? await carried.read(facts.digest?.hex ?? "") : undefined;
    const size = bytes?.byteLength ?? entry.size ?? 0;
    const part = range && resolveRange(range, size);
    if (headOnly || part === "unsatisfiable") return { ...facts, size, part, body: null };
    if (bytes) {
      return { ...facts, size, part, body: part ? bytes.subarray(part.offset, part.offset + part.length) : bytes };
    }
    return { ...facts, size, part, body: await carried.open(facts.digest?.hex ?? "", size, part) };
  }

  async function file(request: FileRequest, ctx: Context): Promise<Artifact | null> {
    const found = await locate(request, ctx);
    return found && artifactOf(found, request);
  }

  return {
    hostedFiles: async (of) => (of === "all" ? [] : null),

    async projects(ctx) {
      const { names, changedAt } = await carried.projects();
      const digest = sha256(new TextEncoder().encode(names.join("\n"))).slice(0, 32);
      return ProjectList.of({ digest, changedAt, validators: {} }, inBatches(names), async () => undefined, "d1", ctx);
    },

    async project(name, ctx, { remake } = {}) {
      const found = await carried.project(name);
      if (!found) return null;
      const read = (ref: FileRef, headOnly: boolean, own: Context) => file({ ref, headOnly }, own);
      return {
        page: await (await pageOf(name, found, ctx, remake)).streamed(),
        files: {
          source,
          file,
          stored: (ref, own) => read(ref, true, own),
          read: (ref, own) => read(ref, false, own),
          // Nothing is deleted for being unused, and nothing has to be stored.
          used: () => undefined,
          enqueue: async () => undefined,
        },
      };
    },

    file,

    async document({ ref }, ctx) {
      if (ref.kind !== "provenance") return null;
      const page = await textOf(ref.project, ctx);
      const entry = page ? findEntry(page.text, ref.filename, () => true) : undefined;
      const digest = entry?.hashes["sha256"] && (await carried.provenanceOf(entry.hashes["sha256"]));
      if (!digest) return null;
      const provenance = new TextDecoder().decode(await carried.read(digest));
      const answer = {
        kind: "document",
        text: provenance,
        type: "integrity",
        serial: undefined,
        validators: {},
      } as const;
      return Document.from(answer, new URL(`https://${origin}/${digest}`), ctx.now);
    },
  };
}

/** Whether a file may belong to a project: one that its name leads to and that is asked for, or one that the index admits. */
async function mayBeOf(project: ProjectName, { ref, candidates, admits }: FileRequest): Promise<boolean> {
  const named = projectCandidates(ref.filename);
  if (named.includes(project)) return (candidates ?? named).includes(project);
  return (await admits?.(project)) !== false;
}

function factsOf({ project, entry, changedAt }: Located, { part }: FileRef): ArtifactFacts {
  const metadata = entry["core-metadata"];
  const hashes = part === "file" ? entry.hashes : metadata === true ? {} : (metadata ?? {});
  const uploadedAt = uploadedAtOf(entry);
  return { project, digest: verifiableDigest(hashes), modifiedAt: uploadedAt ?? changedAt, uploadedAt };
}

const notListed = ({ filename, part }: FileRef, project: ProjectName) =>
  new IndexError(
    "file-not-found",
    `The page of ${project} does not list this ${part === "file" ? "file" : "file's metadata"}, ${filename}: it was not carried here, or is in no step any more.`,
  );
