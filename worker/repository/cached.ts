import { type IndexError, isUpstreamFailure, messageOf } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
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
}

const SECOND = 1_000;
const LIST_TTL = 3_600 * SECOND;

/** How long absence is believed: a project published a minute ago is served. */
const ABSENT_TTL = 60 * SECOND;

/** How long a stored page is served without asking again after the upstream failed: no client waits for each failure. */
const RETRY_AFTER = 30 * SECOND;

/**
 * Keeps an upstream's pages: fresh ones are served as stored, older ones are checked with the upstream's validators, and
 * while the upstream is away what is stored is served, without limit of age. Only a stored page ever stands in for a
 * failure: an unseen name stays a failure and never becomes absent.
 */
export function cached(parts: CachedParts): Layer {
  return (inner) => ({
    file: (request, ctx) => inner.file(request, ctx),
    project: (name, ctx) => project(name, parts, inner, ctx),
    projects: (ctx) => projects(parts, inner, ctx),
  });
}

async function project(name: ProjectName, parts: CachedParts, inner: Repository, ctx: Context): Promise<Page | null> {
  const { pages, freshness, absent, pageTtl } = parts;
  if (absent.get(name, ctx.now)) return null;
  const stored = await orReport(() => pages.get(name, ctx.now), name, ctx);
  if (!stored) return refresh(name, null, parts, inner, ctx);
  const staleBefore = ctx.now - Math.min(pageTtl, ctx.maxAge ?? pageTtl);
  const standing = await freshness.standing(name, { changedAt: stored.head.changedAt, staleBefore, now: ctx.now });
  if (standing.kind === "fresh" && !ctx.anew) return stored;
  if (standing.kind === "failing") return stored.stale(standing.since);
  const page = await orReport(() => stored.buffered(), name, ctx);
  const since = standing.kind === "due" ? standing.since : undefined;
  return refresh(name, page && { page, since: since ?? ctx.now }, parts, inner, ctx);
}

/** @param stored the page that is kept, and since when it has not been known to be good */
async function refresh(
  name: ProjectName,
  stored: { readonly page: Page; readonly since: number } | null,
  { pages, freshness, absent }: CachedParts,
  inner: Repository,
  ctx: Context,
): Promise<Page | null> {
  try {
    const answer = await inner.project(name, stored ? { ...ctx, known: stored.page } : ctx);
    if (!answer) {
      absent.set(name, true, 0, ctx.now + ABSENT_TTL);
      if (stored) ctx.defer(pages.delete(name));
      return null;
    }
    if (stored && answer.head.digest === stored.page.head.digest) {
      freshness.good(name, ctx);
      return stored.page;
    }
    const kept = pages.own(name, answer);
    ctx.defer(pages.put(name, kept, ctx.now));
    return kept;
  } catch (error) {
    if (!stored || !isUpstreamFailure(error)) throw error;
    ctx.report({ event: "upstream-failed", what: `${name}, served from the store`, reason: reasonOf(error) });
    freshness.failed(name, stored.since, ctx.now + RETRY_AFTER, ctx);
    return stored.page.stale(stored.since);
  }
}

async function projects({ lists, freshness }: CachedParts, inner: Repository, ctx: Context): Promise<ProjectList> {
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

const reasonOf = (error: IndexError) => error.reason ?? error.message;

/** What a store has, or null where it cannot tell: these are copies, and without them the upstream is just as right. */
async function orReport<T>(read: () => Promise<T | null>, what: string, ctx: Context): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    ctx.report({ event: "storage-failed", what, reason: messageOf(error) });
    return null;
  }
}
