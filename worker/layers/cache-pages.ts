import { HOUR } from "../duration.ts";
import { isUpstreamFailure, messageOf, reasonOf } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { ChangeLogConfirmation } from "../repository/ports/change-log.ts";
import { deleteQuarantinedFiles } from "./quarantine.ts";
import { revalidated, readOrReport, RETRY_AFTER, type ConfirmationOf } from "./revalidate.ts";
import type { ProjectList } from "../repository/project-list.ts";
import type { Page } from "../repository/page.ts";
import { ROOT_LISTING, type Freshness, type Marks } from "../repository/ports/freshness.ts";
import type { ListStore, PageStore, QueryStore, StrayStore } from "../repository/ports/pages.ts";
import { keepQueries, withQuery } from "./signed-urls.ts";
import { replaceChanged } from "./replace-files.ts";
import type { ReplacingParts } from "../repository/ports/files.ts";
import type { SourcePages, SourceWithoutDocuments, UpstreamPages } from "../repository/repository.ts";
import type { Context } from "../repository/context.ts";

/** What the cache is put together from. */
export interface PageCacheParts {
  readonly pages: PageStore;
  readonly lists: ListStore;
  readonly freshness: Freshness;
  /**
   * Names that the source does not have (negative cache). In memory only: requests for random names must not cost
   * writes.
   */
  readonly absent: Marks<ProjectName>;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
  /** Says which pages need no revalidation because the change log is followed. */
  readonly confirmation?: ChangeLogConfirmation | undefined;
  /** Deletes all stored files of a project and returns how many there were. */
  readonly deleteFiles: (name: ProjectName) => Promise<number>;
  /** Stores for the files on the source's pages; undefined where this source has none. */
  readonly extras?: PageExtraStores | undefined;
}

/** The stores beside pages, and the stores of files: a changed page may list other files under the same URLs. */
export interface PageExtraStores extends ReplacingParts {
  readonly queries: QueryStore;
  readonly strays: StrayStore;
}

/** How long the root listing is served without revalidating it. Milliseconds. */
const LIST_TTL = HOUR;

/**
 * Caches an upstream's pages and its root listing. Files pass through; where a file's true URL has a query, the query
 * is added.
 */
export function cachePages({
  pages,
  lists,
  freshness,
  absent,
  pageTtl: ttl,
  confirmation,
  extras,
  deleteFiles,
}: PageCacheParts): (upstream: UpstreamPages) => SourceWithoutDocuments {
  const own = { store: pages, freshness, absent, ttl, confirmation: confirmation && forListed(confirmation) };
  return (inner) => {
    const project: SourcePages["project"] = (name, ctx, demand) =>
      revalidated(
        name,
        { ...own, prepare: extras && ((page, before) => prepare(name, page, before, extras, ctx)) },
        async (known) => {
          const answer = await inner.project(name, known, ctx, demand?.remake);
          const page = answer === "unchanged" ? known : answer;
          // Each time, not only the first: a request that began earlier may have stored a file after the quarantine was
          // first seen.
          if (page?.head.quarantined) await deleteQuarantinedFiles(name, deleteFiles, ctx);
          if (answer === "unchanged" || answer === null) return answer;
          if (extras) await keepQueries(name, answer, known, extras.queries, ctx);
          return pages.own(name, answer);
        },
        ctx,
        demand,
      );
    return {
      projects: (ctx) => projects(lists, freshness, inner, ctx),
      project,
      async document(request, known, ctx) {
        const { listed } = request;
        if (!extras || !listed?.entry._provenanceSigned) return inner.document(request, known, ctx);
        const withIt = await withQuery(listed, "provenance", extras.queries, project, ctx);
        return inner.document({ ...request, listed: withIt }, known, ctx);
      },
      async file(request, ctx) {
        const { listed } = request;
        if (!extras || !listed?.entry._signed) return inner.file(request, ctx);
        return inner.file({ ...request, listed: await withQuery(listed, "file", extras.queries, project, ctx) }, ctx);
      },
    };
  };
}

/**
 * Runs before a new page is served: removes stored files that the page lists with other bytes, and notes where its
 * files are listed.
 */
async function prepare(
  name: ProjectName,
  page: Page,
  before: Page | undefined,
  extras: PageExtraStores,
  ctx: Context,
): Promise<void> {
  if (before) await replaceChanged(name, page, before, extras, ctx);
  if (page.head.strays || before?.head.strays) await extras.strays.note(name, page.extras.strays ?? []);
}

/**
 * A page that could not be noted in the catalog (`unlisted`) is never confirmed: the change log's entries are not
 * compared with it.
 */
const forListed = (confirmation: ChangeLogConfirmation): ConfirmationOf<ProjectName, Page> => ({
  goodSince: async (name, { head }, ctx) => (head.unlisted ? Infinity : confirmation.goodSince(name, ctx)),
  followedSince: (ctx) => confirmation.followedSince(ctx),
});

async function projects(
  lists: ListStore,
  freshness: Freshness,
  inner: Pick<UpstreamPages, "projects">,
  ctx: Context,
): Promise<ProjectList> {
  const what = "the root listing";
  const stored = await readOrReport(() => lists.get(), what, ctx);
  let since = ctx.now;
  if (stored) {
    const { changedAt } = stored.head;
    const standing = await freshness.standing(ROOT_LISTING, {
      changedAt,
      staleBefore: ctx.now - LIST_TTL,
      now: ctx.now,
    });
    if (standing.kind === "fresh") return stored;
    if (standing.kind === "failing") return stored.stale(standing.since);
    since = standing.since ?? since;
  }
  try {
    const answer = await inner.projects(stored ?? undefined, ctx);
    if (answer === "unchanged") {
      if (!stored) throw new Error("The upstream answered 304 to an unconditional request.");
      freshness.good(ROOT_LISTING, ctx);
      return stored;
    }
    // Stored before it is served: a listing that is cut in transfer must not reach a client, or the store, as if it
    // were complete.
    await lists.put(answer);
  } catch (error) {
    if (!isUpstreamFailure(error)) {
      ctx.report({ event: "storage-failed", what, reason: messageOf(error) });
      await stored?.cancel();
      return unconditional(inner, ctx);
    }
    if (!stored) throw error;
    ctx.report({ event: "upstream-failed", what: `${what}, served from the store`, reason: reasonOf(error) });
    freshness.failed(ROOT_LISTING, since, ctx.now + RETRY_AFTER, ctx);
    return stored.stale(since);
  }
  await stored?.cancel();
  return (await readOrReport(() => lists.get(), what, ctx)) ?? unconditional(inner, ctx);
}

/** The upstream's listing, fetched without validators and not stored. */
async function unconditional(inner: Pick<UpstreamPages, "projects">, ctx: Context): Promise<ProjectList> {
  const answer = await inner.projects(undefined, ctx);
  if (answer === "unchanged") throw new Error("The upstream answered 304 to an unconditional request.");
  return answer;
}
