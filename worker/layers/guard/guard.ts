import { IndexError } from "../../errors.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import { projectCandidates } from "../../pypi/filename.ts";
import { fingerprint } from "../../pypi/fingerprint.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { findFile } from "../../pypi/simple-json.ts";
import { judgeBy, needsPage, needsTime, needsWholePage, refusedProjects, refusing } from "../../policy/judge.ts";
import type { Finding, JudgedFile, Policy } from "../../policy/policy.ts";
import { discard, type Artifact, type ListedFile } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import type { Page } from "../../repository/page.ts";
import type { GuardedPage, GuardedPages } from "../../repository/ports/guarded-pages.ts";
import type { FileRequest, Layer, ProjectFiles, Repository, Revalidation } from "../../repository/repository.ts";
import { mergeListings } from "../merge-listings.ts";
import { guardedJson } from "./guarded-document.ts";
import { guardedPage } from "./guarded-page.ts";
import { judgedArtifact, judgedEntry } from "./judged.ts";

export interface GuardParts {
  /** The policies of the index and of those that it stands on. */
  readonly policies: readonly Policy[];
  /** The path in front of the index's addresses: empty, or a slash and its name. */
  readonly base: string;
  readonly pages: GuardedPages;
  /** Counts a request for a file to which a rule applies. */
  readonly count: (finding: Pick<Finding, "rule" | "mode" | "index">) => void;
}

/** Estimated memory of a refused file's entry. Bytes. */
const REFUSED_SIZE = 400;

/**
 * Refuses what the index's policy refuses: a file is on no page, in no document, and at no address. It stands over
 * everything that has bytes of the index, and what it leaves out is stored nowhere: the layers below store what the
 * upstreams have, and other indexes read the same.
 *
 * @throws IndexError `file-blocked`, `project-blocked`, and what the layers below throw
 */
export function guard(parts: GuardParts): Layer {
  const { policies, pages, count } = parts;
  const judge = judgeBy(policies);
  const refusedProject = refusedProjects(policies);
  const readsPage = needsPage(policies);
  const readsWhole = needsWholePage(policies);
  const readsTime = needsTime(policies);
  const hiding = policies.flatMap(({ index, deny, modes }) =>
    modes.deny === "enforce" ? deny.flatMap(({ text, specifiers }) => (specifiers === "" ? [index, text] : [])) : [],
  );
  const routing = `policy ${fingerprint(JSON.stringify(hiding))}`;
  const hidesNames = hiding.length > 0;

  function assertProject(name: ProjectName): void {
    const finding = refusedProject(name);
    if (finding) throw projectBlocked(finding.sentence(), finding.rule, name, parts);
  }

  function assertFile(file: JudgedFile, findings: readonly Finding[]): void {
    const refusal = refusing(findings);
    if (refusal) throw fileBlocked(refusal.sentence(), refusal.rule, file, parts);
  }

  /** What the policy made of a page; undefined where that is not in memory. */
  function knownView({ head }: Page, name: ProjectName, ctx: Context): GuardedPage | undefined {
    const known = pages.get(name, ctx.now);
    return known?.of === head.digest && known.madeAt <= ctx.now ? known : undefined;
  }

  /** What the policy makes of a page that is in memory. */
  async function viewOf(page: Page, name: ProjectName, ctx: Context): Promise<GuardedPage> {
    const known = knownView(page, name, ctx);
    if (known) return known;
    const made = await guardedPage(page, judge, ctx);
    // Its HTML is about as large.
    pages.set(name, made, 2 * (made.shown?.weight ?? 0) + REFUSED_SIZE * made.refused.size, made.until);
    return made;
  }

  /** The project as the index shows it, and which of its files are refused. */
  async function shownProject(inner: Repository, name: ProjectName, ctx: Context, demand?: Revalidation) {
    const found = await inner.project(name, ctx, demand);
    if (!found) return null;
    let { page } = found;
    let view = knownView(page, name, ctx);
    if (!view) view = await viewOf((page = await page.buffered()), name, ctx);
    const { shown, isEmptied, refused, until } = view;
    if (shown || isEmptied) await found.page.cancel();
    const first = isEmptied ? [...refused.values()].at(-1) : undefined;
    if (first) throw projectBlocked(`Every file of ${name} is refused. ${first.sentence}`, first.rule, name, parts);
    if (shown) page = await shown.inPlaceOf(page);
    const files = refused.size === 0 ? found.files : shownFiles(found.files, refused);
    return { project: { page, files, until }, refused };
  }

  /** The file as its project's page has it; undefined where that does not list it. */
  async function judgedOnPage(inner: Repository, { project }: Artifact, ref: FileRef, ctx: Context) {
    const page = (await inner.project(project, ctx))?.page;
    const readable = readsWhole ? await page?.buffered() : page;
    const entry = readable && findFile(await readable.text(), ref);
    if (!entry) return undefined;
    return judgedEntry({ project, entry }, readsWhole ? (await viewOf(readable, project, ctx)).whole : undefined);
  }

  /** The file that is listed. Where a rule looks at more of the page, that is read. */
  async function judgedListed(inner: Repository, listed: ListedFile, ctx: Context) {
    const page = readsWhole ? (await inner.project(listed.project, ctx))?.page : undefined;
    return judgedEntry(listed, page && (await viewOf(await page.buffered(), listed.project, ctx)).whole);
  }

  /**
   * Throws where a file that is about to be served is refused. What is recorded with it decides, at no cost; the page is
   * read where that does not say enough, and where the file would be refused: a page that lists it must not lead to a
   * refusal.
   */
  async function assertServed(inner: Repository, artifact: Artifact, ref: FileRef, ctx: Context): Promise<void> {
    let file = judgedArtifact(artifact, ref);
    let findings = judge(file, ctx.now);
    // An earlier version did not record when a file was uploaded.
    const isUndated = readsTime && artifact.uploadedAt === undefined && !file.isHosted;
    if (readsPage || isUndated || refusing(findings)) {
      const listed = await judgedOnPage(inner, artifact, ref, ctx);
      if (listed) findings = judge((file = listed), ctx.now);
    }
    countAll(findings);
    assertFile(file, findings);
  }

  /**
   * The projects that a file may belong to in this index; undefined where its filename alone says that.
   *
   * @throws IndexError `file-blocked` where each of them is refused whole
   */
  function candidatesOf({ ref, candidates }: FileRequest): readonly ProjectName[] | undefined {
    if (!hidesNames) return candidates;
    const named = candidates ?? projectCandidates(ref.filename);
    const left = named.filter((name) => !refusedProject(name));
    const [denied] = named;
    const finding = left.length === 0 && denied !== undefined ? refusedProject(denied) : undefined;
    if (!denied || !finding) return left.length < named.length ? left : candidates;
    countAll([finding]);
    throw fileBlocked(finding.sentence(), finding.rule, { project: denied, version: undefined }, parts);
  }

  async function admittedFile(inner: Repository, request: FileRequest, ctx: Context): Promise<Artifact | null> {
    const artifact = await inner.file(
      {
        ...request,
        candidates: candidatesOf(request),
        admits: hidesNames
          ? async (name) => !refusedProject(name) && (await request.admits?.(name)) !== false
          : request.admits,
        assertAdmitted: async (listed: ListedFile) => {
          const judged = await judgedListed(inner, listed, ctx);
          const findings = judge(judged, ctx.now);
          if (refusing(findings)) countAll(findings);
          assertFile(judged, findings);
        },
      },
      ctx,
    );
    if (!artifact) return null;
    try {
      await assertServed(inner, artifact, request.ref, ctx);
    } catch (error) {
      await discard(artifact);
      throw error;
    }
    return artifact;
  }

  function countAll(findings: readonly Finding[]): void {
    for (const finding of findings) count(finding);
  }

  /** A project's files, without those that the policy refuses. */
  function shownFiles(files: ProjectFiles, refused: GuardedPage["refused"]): ProjectFiles {
    const isRefused = ({ origin, path }: FileRef) => refused.has(`${origin}/${path}`);
    return {
      ...files,
      file: async (request, ctx) => (isRefused(request.ref) ? null : files.file(request, ctx)),
      stored: async (ref, ctx) => (isRefused(ref) ? null : files.stored(ref, ctx)),
      read: async (ref, ctx) => (isRefused(ref) ? null : files.read(ref, ctx)),
      enqueue: (refs, ctx) =>
        files.enqueue(
          refs.filter((ref) => !isRefused(ref)),
          ctx,
        ),
    };
  }

  return (inner) => ({
    projects: (ctx) =>
      hidesNames
        ? mergeListings([{ repository: inner, has: (name) => !refusedProject(name) }], routing, ctx)
        : inner.projects(ctx),

    async project(name, ctx, demand) {
      assertProject(name);
      const shown = await shownProject(inner, name, ctx, demand);
      return shown && shown.project;
    },

    file: (request, ctx) => admittedFile(inner, request, ctx),

    async document(request, ctx) {
      const { ref } = request;
      assertProject(ref.project);
      const shown = await shownProject(inner, ref.project, ctx);
      if (ref.kind === "provenance") {
        await shown?.project.page.cancel();
        const refusals = [...(shown?.refused.values() ?? [])];
        const refusal = refusals.find(({ filename }) => filename === ref.filename);
        if (refusal) throw fileBlocked(refusal.sentence, refusal.rule, ref, parts);
        return inner.document(request, ctx);
      }
      const page = await shown?.project.page.model();
      const document = await inner.document(request, ctx);
      return document && page ? guardedJson(ref, document, page, inner, ctx) : document;
    },

    async hostedFiles(of, ctx) {
      if (of !== "all") assertProject(of);
      const listed = await inner.hostedFiles(of, ctx);
      return listed && listed.filter((each) => !refusing(judge(judgedEntry(each), ctx.now)));
    },
  });
}

const projectBlocked = (sentence: string, rule: string, project: ProjectName, { base }: GuardParts) =>
  new IndexError("project-blocked", sentence, { policy: { rule, why: `${base}/-/why/${project}` } });

function fileBlocked(
  sentence: string,
  rule: string,
  { project, version }: Pick<JudgedFile, "project" | "version">,
  { base }: GuardParts,
): IndexError {
  const release = version === undefined ? project : `${project}/${encodeURIComponent(version)}`;
  return new IndexError("file-blocked", sentence, { policy: { rule, why: `${base}/-/why/${release}` } });
}
