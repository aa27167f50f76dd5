import { HOUR } from "../duration.ts";
import { isUpstreamFailure, messageOf, reasonOf } from "../errors.ts";
import type { Context } from "../repository/context.ts";
import type { ProjectList } from "../repository/project-list.ts";
import { ROOT_LISTING, type Freshness } from "../repository/ports/freshness.ts";
import type { UpstreamPages } from "../repository/repository.ts";
import { TIMED_OUT, within } from "../repository/timeout.ts";
import { claimed, storedWhileRead, storeListing, THE_LISTING, type ListingParts } from "./store-listing.ts";
import { readOrReport, PATIENCE, RETRY_AFTER } from "./revalidate.ts";

/** How long the root listing is served without revalidating it. Milliseconds. */
const LIST_TTL = HOUR;

/**
 * An upstream's root listing. Where none is stored, it is passed on as it arrives, and stored. A stored one is
 * revalidated after an hour: whoever asks waits a second at most, and gets the stored one where that takes longer or
 * fails.
 */
export async function cachedListing(
  parts: ListingParts,
  freshness: Freshness,
  inner: Pick<UpstreamPages, "projects">,
  ctx: Context,
): Promise<ProjectList> {
  const stored = await readOrReport(() => parts.lists.get(ctx), THE_LISTING, ctx);
  if (!stored) {
    await ctx.allowance?.admit();
    const answer = await inner.projects(undefined, ctx);
    if (answer === "unchanged") throw new Error("The upstream answered 304 to an unconditional request.");
    return storedWhileRead(answer.marked(), parts, ctx);
  }
  const { changedAt } = stored.head;
  const staleBefore = ctx.now - LIST_TTL;
  const standing = await freshness.standing(ROOT_LISTING, { changedAt, staleBefore, now: ctx.now });
  if (standing.kind === "fresh") return stored;
  if (standing.kind === "failing") return stored.stale(standing.since);
  const since = standing.since ?? ctx.now;
  if (!claimed(parts, ctx)) return stored.stale(since);
  const checked = revalidate(stored, since, parts, freshness, inner, ctx);
  const outcome = await within(PATIENCE, checked);
  if (outcome === "unchanged") return stored;
  if (outcome === "replaced") {
    const replaced = await readOrReport(() => parts.lists.get(ctx), THE_LISTING, ctx);
    if (replaced) {
      await stored.cancel();
      return replaced;
    }
  }
  if (outcome === TIMED_OUT) ctx.defer(checked);
  return stored.stale(since);
}

/** Asks the upstream whether the stored listing is current, and stores the new one. Does not reject where that fails. */
async function revalidate(
  stored: ProjectList,
  since: number,
  parts: ListingParts,
  freshness: Freshness,
  inner: Pick<UpstreamPages, "projects">,
  ctx: Context,
): Promise<"unchanged" | "replaced" | "failed"> {
  try {
    const answer = await inner.projects(stored, ctx);
    if (answer !== "unchanged") {
      return (await storeListing(answer.marked(stored.head.marks), parts, ctx)) ? "replaced" : "failed";
    }
    freshness.good(ROOT_LISTING, ctx);
    return "unchanged";
  } catch (error) {
    if (!isUpstreamFailure(error)) {
      ctx.report({ event: "storage-failed", what: THE_LISTING, reason: messageOf(error) });
      return "failed";
    }
    ctx.report({ event: "upstream-failed", what: `${THE_LISTING}, served from the store`, reason: reasonOf(error) });
    freshness.failed(ROOT_LISTING, since, ctx.now + RETRY_AFTER, ctx);
    return "failed";
  } finally {
    parts.storing.delete(ROOT_LISTING);
  }
}
