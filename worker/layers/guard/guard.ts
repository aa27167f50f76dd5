import { IndexError } from "../../errors.ts";
import type { FileRef } from "../../pypi/file-url.ts";
import { projectCandidates } from "../../pypi/filename.ts";
import { fingerprint } from "../../pypi/fingerprint.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { findFile } from "../../pypi/simple-json.ts";
import { judgeBy, needsPage, needsTime, refusedProjects, refusing } from "../../policy/judge.ts";
import type { Finding, JudgedFile, Mode, Policy, RuleName } from "../../policy/policy.ts";
import { discard, type Artifact, type ListedFile } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import type { Page } from "../../repository/page.ts";
import type { GuardedPage, GuardedPages } from "../../repository/ports/guarded-pages.ts";
import type {
  FileRequest,
  Layer,
  Project,
  ProjectFiles,
  Repository,
  Revalidation,
} from "../../repository/repository.ts";
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
  readonly count: (rule: RuleName, mode: Exclude<Mode, "off">) => void;
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
  const readsTime = needsTime(policies);
  const whole = policies.flatMap(({ index, deny, modes }) => [index, modes.deny, ...deny.map(({ text }) => text)]);
  const routing = `policy ${fingerprint(JSON.stringify(whole))}`;
  const hidesNames = policies.some(
    ({ deny, modes }) => modes.deny === "enforce" && deny.some(({ specifiers }) => specifiers === ""),
  );

  function assertProject(name: ProjectName): void {
    const finding = refusedProject(name);
    if (finding) throw projectBlocked(finding.sentence(), finding.rule, name, parts);
  }

  function assertFile(file: JudgedFile, findings: readonly Finding[]): void {
    const refusal = refusing(findings);
    if (refusal) throw fileBlocked(refusal.sentence(), refusal.rule, file, parts);
  }

  /** What the policy makes of a page, and the page, which can still be read. */
  async function viewOf({ page }: Project, name: ProjectName, ctx: Context): Promise<[GuardedPage, Page]> {
    const known = pages.get(name, ctx.now);
    if (known?.of === page.head.digest && known.madeAt <= ctx.now) return [known, page];
    const buffered = await page.buffered();
    const made = await guardedPage(buffered, judge, ctx);
    // Its HTML is about as large.
    pages.set(name, made, 2 * (made.shown?.weight ?? 0) + REFUSED_SIZE * made.refused.size, made.until);
    return [made, buffered];
  }

  /** The project as the index shows it. */
  async function shownProject(inner: Repository, name: ProjectName, ctx: Context, demand?: Revalidation) {
    const found = await inner.project(name, ctx, demand);
    if (!found) return null;
    const [view, page] = await viewOf(found, name, ctx);
    if (view.shown || view.isEmptied) await found.page.cancel();
    const first = view.isEmptied ? [...view.refused.values()].at(-1) : undefined;
    if (first) throw projectBlocked(`Every file of ${name} is refused. ${first.sentence}`, first.rule, name, parts);
    const shown = (await view.shown?.as(page.via).streamed()) ?? page;
    return {
      page: page.uncheckedSince === undefined ? shown : shown.stale(page.uncheckedSince),
      files: view.refused.size === 0 ? found.files : shownFiles(found.files, view),
      until: view.until,
      view,
    };
  }

  /** The file's entry on its project's page; undefined where that does not list it. */
  async function listedIn(inner: Repository, { project }: Artifact, ref: FileRef, ctx: Context) {
    const text = await (await inner.project(project, ctx))?.page.text();
    const entry = text === undefined ? undefined : findFile(text, ref);
    return entry && { project, entry };
  }

  /**
   * The findings about a file that is about to be served. What is recorded with it decides, at no cost; the page is read
   * where that does not say enough, and where the file would be refused: a page that lists it must not lead to a refusal.
   */
  async function findingsOn(inner: Repository, artifact: Artifact, ref: FileRef, ctx: Context) {
    const file = judgedArtifact(artifact, ref);
    const findings = judge(file, ctx.now);
    // An earlier version did not record when a file was uploaded.
    const isUndated = artifact.uploadedAt === undefined && !file.isHosted && readsTime;
    if (!readsPage && !isUndated && !refusing(findings)) return { file, findings };
    const listed = await listedIn(inner, artifact, ref, ctx);
    if (!listed) return { file, findings };
    const again = judgedEntry(listed);
    return { file: again, findings: judge(again, ctx.now) };
  }

  async function admittedFile(inner: Repository, request: FileRequest, ctx: Context): Promise<Artifact | null> {
    const { ref } = request;
    const named = request.candidates ?? projectCandidates(ref.filename);
    const candidates = named.filter((name) => !refusedProject(name));
    const [denied] = named;
    if (denied && candidates.length === 0) {
      const finding = refusedProject(denied);
      if (finding) countAll([finding]);
      if (finding) throw fileBlocked(finding.sentence(), finding.rule, { project: denied, version: undefined }, parts);
    }
    const artifact = await inner.file(
      {
        ...request,
        ...(candidates.length < named.length && { candidates }),
        admits: async (name) => !refusedProject(name) && (await request.admits?.(name)) !== false,
        assertAdmitted: async (listed: ListedFile) => {
          const judged = judgedEntry(listed);
          const findings = judge(judged, ctx.now);
          if (refusing(findings)) countAll(findings);
          assertFile(judged, findings);
        },
      },
      ctx,
    );
    if (!artifact) return null;
    try {
      const { file: judged, findings } = await findingsOn(inner, artifact, ref, ctx);
      countAll(findings);
      assertFile(judged, findings);
    } catch (error) {
      await discard(artifact);
      throw error;
    }
    return artifact;
  }

  function countAll(findings: readonly Finding[]): void {
    for (const { rule, mode } of findings) count(rule, mode);
  }

  /** A project's files, without those that the policy refuses. */
  function shownFiles(files: ProjectFiles, { refused }: GuardedPage): ProjectFiles {
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
      if (!shown) return null;
      const { view: _, ...project } = shown;
      return project;
    },

    file: (request, ctx) => admittedFile(inner, request, ctx),

    async document(request, ctx) {
      const { ref } = request;
      assertProject(ref.project);
      const shown = await shownProject(inner, ref.project, ctx);
      if (ref.kind === "provenance") {
        await shown?.page.cancel();
        const refusals = [...(shown?.view.refused.values() ?? [])];
        const refusal = refusals.find(({ filename }) => filename === ref.filename);
        if (refusal) throw fileBlocked(refusal.sentence, refusal.rule, ref, parts);
        return inner.document(request, ctx);
      }
      const page = await shown?.page.model();
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
