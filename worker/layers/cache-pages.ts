import type { ProjectName } from "../pypi/name.ts";
import type { ChangeLogConfirmation } from "../repository/ports/change-log.ts";
import { deleteQuarantinedFiles } from "./quarantine.ts";
import { cachedListing } from "./cache-listing.ts";
import type { ListingParts } from "./store-listing.ts";
import { FirstFetches } from "./first-fetches.ts";
import { revalidated, type ConfirmationOf } from "./revalidate.ts";
import type { Page } from "../repository/page.ts";
import { JUST_LISTED_TTL, type Freshness, type Marks } from "../repository/ports/freshness.ts";
import type { PageStore, QueryStore, StrayStore } from "../repository/ports/pages.ts";
import { keepQueries, withQuery } from "./signed-urls.ts";
import { replaceChanged } from "./replace-files.ts";
import type { ReplacingParts } from "../repository/ports/files.ts";
import type { SourcePages, SourceWithoutDocuments, UpstreamPages } from "../repository/repository.ts";
import type { Context } from "../repository/context.ts";

/** What the cache is put together from. */
export interface PageCacheParts {
  readonly pages: PageStore;
  readonly listing: ListingParts;
  readonly freshness: Freshness;
  /**
   * Names that the source does not have (negative cache). In memory only: requests for random names must not cost
   * writes.
   */
  readonly absent: Marks<ProjectName>;
  /** Names of which no page was stored until a moment ago. */
  readonly justListed: Marks<ProjectName>;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
  /** Whether requests may wait for each other's answers. */
  readonly areShared: boolean;
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

/**
 * Caches an upstream's pages and its root listing. Files pass through; where a file's true URL has a query, the query
 * is added.
 */
export function cachePages({
  pages,
  listing,
  freshness,
  absent,
  justListed,
  pageTtl: ttl,
  areShared,
  confirmation,
  extras,
  deleteFiles,
}: PageCacheParts): (upstream: UpstreamPages) => SourceWithoutDocuments {
  const own = {
    store: pages,
    freshness,
    absent,
    ttl,
    confirmation: confirmation && forListed(confirmation),
    firstFetches: areShared ? new FirstFetches<ProjectName, Page | null>() : undefined,
    isIntact: (page: Page) => page.isIntact(),
  };
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
          if (answer === "unchanged" || answer === null || (!known && ctx.storesNothingNew)) return answer;
          if (!known) justListed.set(name, true, 0, ctx.now + JUST_LISTED_TTL);
          if (extras) await keepQueries(name, answer, known, extras.queries, ctx);
          return pages.own(name, answer);
        },
        ctx,
        demand,
      );
    return {
      projects: (ctx) => cachedListing(listing, freshness, inner, ctx),
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
