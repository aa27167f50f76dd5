import type { FileRef } from "../../pypi/file-url.ts";
import { projectCandidates } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { findFile } from "../../pypi/simple-json.ts";
import { asksForProvenance, refusing } from "../../policy/judge.ts";
import type { Advisories } from "../../policy/osv/advisories.ts";
import type { Finding, JudgedFile, Policy } from "../../policy/policy.ts";
import { discard, type Artifact, type ListedFile } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";
import { withValue, type NowOrLater } from "../../repository/now-or-later.ts";
import type { GuardedPage, GuardedPages } from "../../repository/ports/guarded-pages.ts";
import type { EntriesOf } from "../../repository/ports/policy-entries.ts";
import type { FileRequest, Layer, Project, Repository, Revalidation } from "../../repository/repository.ts";
import { mergeListings } from "../merge-listings.ts";
import { fileBlocked, projectBlocked } from "./blocked.ts";
import { guardedJson } from "./guarded-document.ts";
import { guardedViews } from "./guarded-views.ts";
import { advisoriesFor, type FindAdvisories } from "./known-advisories.ts";
import { judgedArtifact, judgedEntry } from "./judged.ts";
import { reportRefused, type RefusalReports } from "./report-refused.ts";
import { currentRules, type Rules } from "./rules.ts";
import { GuardedProject } from "./guarded-project.ts";

export interface GuardParts extends RefusalReports {
  /** The policies of the index and of those that it stands on. */
  readonly policies: readonly Policy[];
  readonly entriesOf: EntriesOf;
  readonly findAdvisories: FindAdvisories;
  /** The path in front of the index's addresses: empty, or a slash and its name. */
  readonly base: string;
  readonly pages: GuardedPages;
  /** Called where a project has files whose provenance has not been verified: has that done, and does not wait for it. */
  readonly verifyLater: (source: string, name: ProjectName, ctx: Context) => void;
  /** Counts a request for a file to which a rule applies. */
  readonly count: (finding: Pick<Finding, "rule" | "mode" | "index" | "exempted">) => void;
  /** Counts a request for a page whose newest version is affected by what a held file mends; undefined: it is not found out. */
  readonly countHeldFix?: ((rule: string) => void) | undefined;
}

/** How a project is asked for. */
interface Asked {
  readonly demand?: Revalidation | undefined;
  /** As `countHeldFix`; undefined: the request is not for the page. */
  readonly countFix?: GuardParts["countHeldFix"];
}

/**
 * Refuses what the index's policy refuses: a file is on no page, in no document, and at no address. It stands over
 * everything that has bytes of the index, and what it leaves out is stored nowhere: the layers below store what the
 * upstreams have, and other indexes read the same.
 *
 * @throws IndexError `file-blocked`, `project-blocked`, and what the layers below throw
 */
export function guard(parts: GuardParts): Layer {
  // What is there at once is not awaited: those waits were a quarter of what the guard costs a warm page.
  const { policies, entriesOf, pages, count, countHeldFix } = parts;
  const rulesNow = currentRules(policies, entriesOf);
  const advisoriesOf = advisoriesFor(policies, parts.findAdvisories);
  const { known: knownView, of: viewOf } = guardedViews(
    pages,
    countHeldFix && advisoriesFor(policies, parts.findAdvisories, true),
  );
  const isProven = policies.some(asksForProvenance);

  function assertProject({ refusedProject }: Rules, name: ProjectName, { now }: Context): void {
    const finding = refusedProject(name, now);
    if (finding) throw projectBlocked(finding.sentence(), finding, name, parts);
  }

  function assertFile(file: JudgedFile, findings: readonly Finding[]): void {
    const refusal = refusing(findings);
    if (refusal) throw fileBlocked(refusal.sentence(), refusal.rule, file, parts);
  }

  /** Has the provenance verified that a rule looks at and that was not verified yet. */
  function haveVerified({ whole }: GuardedPage, found: Pick<Project, "files">, name: ProjectName, ctx: Context): void {
    if (isProven && whole.history.undecidedSince < Infinity) parts.verifyLater(found.files.source, name, ctx);
  }

  /**
   * The project as the index shows it, by the rules as they are now. One wait, where what the policy makes of its page is in
   * memory.
   */
  async function shownProject(inner: Repository, name: ProjectName, ctx: Context, { demand, countFix }: Asked = {}) {
    const now = rulesNow(ctx);
    const rules = now instanceof Promise ? await now : now;
    assertProject(rules, name, ctx);
    const asked = advisoriesOf(name, ctx);
    const advisories = asked instanceof Promise ? await asked : asked;
    const found = await inner.project(name, ctx, demand);
    if (!found) return null;
    const view = knownView(rules, found.page, name, advisories, ctx);
    if (view) return asShown(view, found, name, ctx, countFix);
    const whole = { ...found, page: await found.page.buffered() };
    return asShown(await viewOf(rules, whole, name, advisories, ctx), whole, name, ctx, countFix);
  }

  /** What the index shows of a project that was found, and which of its files are refused. */
  function asShown(
    view: GuardedPage,
    found: Project,
    name: ProjectName,
    ctx: Context,
    countFix: Asked["countFix"],
  ): NowOrLater<GuardedProject> {
    haveVerified(view, found, name, ctx);
    const { shown, isEmptied, holdsFix } = view;
    if (holdsFix && ctx.isDemand !== false) countFix?.(holdsFix);
    if (!shown && !isEmptied) return new GuardedProject(found.page, found.files, view);
    return withValue(found.page.cancel(), () => {
      const first = isEmptied ? [...view.refused.values()].at(-1) : undefined;
      if (first) {
        throw projectBlocked(`Every file of ${name} is refused. ${first.sentence}`, first, name, parts, true);
      }
      return withValue(
        shown?.inPlaceOf(found.page) ?? found.page,
        (page) => new GuardedProject(page, found.files, view),
      );
    });
  }

  /** The file as its project's page has it; undefined where that does not list it. */
  async function judgedOnPage(
    rules: Rules,
    inner: Repository,
    { project }: Artifact,
    ref: FileRef,
    advisories: Advisories | undefined,
    ctx: Context,
  ) {
    const found = await inner.project(project, ctx);
    if (!found) return undefined;
    const { files } = found;
    const page = rules.countsWhole ? await found.page.buffered() : found.page;
    const entry = findFile(await page.text(), ref);
    if (!entry) return undefined;
    const view = rules.countsWhole ? await viewOf(rules, { page, files }, project, advisories, ctx) : undefined;
    if (view) haveVerified(view, found, project, ctx);
    return judgedEntry({ project, entry, source: files.source }, view?.whole, advisories);
  }

  /** The file that is listed. Where a rule looks at more of the page, that is read. */
  async function judgedListed(rules: Rules, inner: Repository, listed: ListedFile, ctx: Context) {
    const { project } = listed;
    const advisories = await advisoriesOf(project, ctx);
    const found = rules.readsWhole ? await inner.project(project, ctx) : null;
    if (!found) return judgedEntry(listed, undefined, advisories);
    const page = await found.page.buffered();
    const view = await viewOf(rules, { ...found, page }, project, advisories, ctx);
    haveVerified(view, found, project, ctx);
    return judgedEntry(listed, view.whole, advisories);
  }

  /**
   * Throws where a file that is about to be served is refused. What is recorded with it decides, at no cost; the page is
   * read where that does not say enough, and where the file would be refused: a page that lists it must not lead to a
   * refusal. Where the page is read only to count, a failure of that is no reason to refuse.
   */
  function assertServed(
    rules: Rules,
    inner: Repository,
    artifact: Artifact,
    ref: FileRef,
    ctx: Context,
  ): NowOrLater<void> {
    const { judge, readsPage, countsPage, readsTime, readsDigest } = rules;
    return withValue(advisoriesOf(artifact.project, ctx), (advisories) => {
      const file = judgedArtifact(artifact, ref, advisories);
      const findings = judge(file, ctx.now);
      // An earlier version did not record when a file was uploaded.
      const isUndated = readsTime && artifact.uploadedAt === undefined && !file.isHosted;
      const isUnnamed = readsDigest && file.sha256 === undefined;
      const decides = readsPage || isUndated || isUnnamed || refusing(findings) !== undefined;
      if (!decides && !countsPage) return countAll(findings);
      const asked = judgedOnPage(rules, inner, artifact, ref, advisories, ctx);
      return (decides ? asked : asked.catch(() => undefined)).then((listed) =>
        assertJudged(listed ?? file, listed ? judge(listed, ctx.now) : findings, artifact, ref, ctx),
      );
    });
  }

  function assertJudged(
    file: JudgedFile,
    findings: readonly Finding[],
    artifact: Artifact,
    ref: FileRef,
    ctx: Context,
  ): void {
    countAll(findings);
    const refusal = refusing(findings);
    if (refusal)
      reportRefused(parts, { project: file.project, ref, isStored: artifact.via !== "upstream" }, refusal, ctx);
    assertFile(file, findings);
  }

  /**
   * The projects that a file may belong to in this index; undefined where its filename alone says that.
   *
   * @throws IndexError `file-blocked` where each of them is refused whole
   */
  function candidatesOf(
    { hidesNames, refusedProject }: Rules,
    { ref, candidates }: FileRequest,
    { now }: Context,
  ): readonly ProjectName[] | undefined {
    if (!hidesNames) return candidates;
    const named = candidates ?? projectCandidates(ref.filename);
    const left = named.filter((name) => !refusedProject(name, now));
    const [denied] = named;
    const finding = left.length === 0 && denied !== undefined ? refusedProject(denied, now) : undefined;
    if (!denied || !finding) return left.length < named.length ? left : candidates;
    countAll([finding]);
    throw fileBlocked(finding.sentence(), finding.rule, { project: denied, version: undefined }, parts);
  }

  async function admittedFile(inner: Repository, request: FileRequest, ctx: Context): Promise<Artifact | null> {
    const asked = rulesNow(ctx);
    const rules = asked instanceof Promise ? await asked : asked;
    const { judge, hidesNames, refusedProject } = rules;
    const artifact = await inner.file(
      {
        ...request,
        candidates: candidatesOf(rules, request, ctx),
        admits: hidesNames
          ? async (name) => !refusedProject(name, ctx.now) && (await request.admits?.(name)) !== false
          : request.admits,
        assertAdmitted: async (listed: ListedFile) => {
          const judged = await judgedListed(rules, inner, listed, ctx);
          const findings = judge(judged, ctx.now);
          const refusal = refusing(findings);
          if (refusal) {
            countAll(findings);
            reportRefused(parts, { project: judged.project, ref: request.ref, isStored: false }, refusal, ctx);
          }
          assertFile(judged, findings);
        },
      },
      ctx,
    );
    if (!artifact) return null;
    try {
      const served = assertServed(rules, inner, artifact, request.ref, ctx);
      if (served instanceof Promise) await served;
    } catch (error) {
      await discard(artifact);
      throw error;
    }
    return artifact;
  }

  function countAll(findings: readonly Finding[]): void {
    if (findings.length === 0) return;
    // A file is one verdict of a rule, however many advisories name it.
    const isFirst = ({ rule, mode, index, exempted }: Finding, at: number) =>
      !findings
        .slice(0, at)
        .some((it) => it.rule === rule && it.mode === mode && it.index === index && !it.exempted === !exempted);
    for (const finding of findings.filter(isFirst)) count(finding);
  }

  return (inner) => ({
    async projects(ctx) {
      const { hidesNames, refusedProject, routing } = await rulesNow(ctx);
      const has = (name: ProjectName) => !refusedProject(name, ctx.now);
      return hidesNames ? mergeListings([{ repository: inner, has }], routing, ctx) : inner.projects(ctx);
    },

    project: (name, ctx, demand) => shownProject(inner, name, ctx, { demand, countFix: countHeldFix }),

    file: (request, ctx) => admittedFile(inner, request, ctx),

    async document(request, ctx) {
      const { ref } = request;
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
      const rules = await rulesNow(ctx);
      if (of !== "all") assertProject(rules, of, ctx);
      const listed = await inner.hostedFiles(of, ctx);
      return listed && listed.filter((each) => !refusing(rules.judge(judgedEntry(each), ctx.now)));
    },
  });
}
