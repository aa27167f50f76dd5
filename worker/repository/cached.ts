import { isUpstreamFailure, messageOf, reasonOf } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Vouching } from "./changes.ts";
import { emptied } from "./quarantine.ts";
import { kept, orReport, RETRY_AFTER, type Assurance } from "./kept.ts";
import type { ProjectList } from "./list.ts";
import type { Page } from "./page.ts";
import { ROOT, type Freshness, type ListStore, type Marks, type PageStore } from "./ports.ts";
import type { Context, Layer, Repository } from "./repository.ts";

/** What the cache is put together from. */
export interface CachedParts {
  readonly pages: PageStore;
  readonly lists: ListStore;
  readonly freshness: Freshness;
  /** Names the source said it does not own. Memory only: random names must not cost writes. */
  readonly absent: Marks<ProjectName>;
  /** Milliseconds for which a page is served without asking the upstream. */
  readonly pageTtl: number;
  /** What knows of pages that need not be checked. */
  readonly vouching?: Vouching | undefined;
  /** Deletes all that is stored of a project's files, and says how many they were. */
  readonly deleteFiles: (name: ProjectName) => Promise<number>;
}

/** How long the root listing is served without asking. Milliseconds. */
const LIST_TTL = 3_600_000;

/** Keeps an upstream's pages and its root listing. */
export function cached({ pages, lists, freshness, absent, pageTtl: ttl, vouching, deleteFiles }: CachedParts): Layer {
  const own = { store: pages, freshness, absent, ttl, vouching: vouching && forListed(vouching) };
  return (inner) => ({
    projects: (ctx) => projects(lists, freshness, inner, ctx),
    project: (name, ctx) =>
      kept(
        name,
        own,
        async (known) => {
          const answer = await inner.project(name, known ? { ...ctx, known } : ctx);
          // Each time: a file may have been on its way into the store when the quarantine was first seen.
          if (answer?.head.quarantined) await emptied(name, deleteFiles, ctx);
          return answer && pages.own(name, answer);
        },
        ctx,
      ),
    file: (request, ctx) => inner.file(request, ctx),
    document: (request, ctx) => inner.document(request, ctx),
  });
}

/** Nothing is known of pages that the log's changes are not held against. */
const forListed = (vouching: Vouching): Assurance<ProjectName, Page> => ({
  goodSince: async (name, { head }, ctx) => (head.unlisted ? Infinity : vouching.goodSince(name, ctx)),
  followedSince: (ctx) => vouching.followedSince(ctx),
});

async function projects(lists: ListStore, freshness: Freshness, inner: Repository, ctx: Context): Promise<ProjectList> {
  const what = "the root listing";
  const stored = await orReport(() => lists.get(), what, ctx);
  let since = ctx.now;
  if (stored) {
    const { changedAt } = stored.head;
    const standing = await freshness.standing(ROOT, { changedAt, staleBefore: ctx.now - LIST_TTL, now: ctx.now });
    if (standing.kind === "fresh") return stored;
    if (standing.kind === "failing") return stored.stale(standing.since);
    since = standing.since ?? since;
  }
  try {
    const answer = await inner.projects(stored ? { ...ctx, knownList: stored } : ctx);
    if (stored && answer === stored) {
      freshness.good(ROOT, ctx);
      return stored;
    }
    // Stored before it is served: a listing cut on its way must not reach a client, nor the store, as a whole one.
    await lists.put(answer);
  } catch (error) {
    if (!isUpstreamFailure(error)) {
      ctx.report({ event: "storage-failed", what, reason: messageOf(error) });
      await stored?.cancel();
      return inner.projects(ctx);
    }
    if (!stored) throw error;
    ctx.report({ event: "upstream-failed", what: `${what}, served from the store`, reason: reasonOf(error) });
    freshness.failed(ROOT, since, ctx.now + RETRY_AFTER, ctx);
    return stored.stale(since);
  }
  await stored?.cancel();
  return (await orReport(() => lists.get(), what, ctx)) ?? inner.projects(ctx);
}
