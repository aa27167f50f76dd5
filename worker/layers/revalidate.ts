import { SECOND } from "../duration.ts";
import { isUpstreamFailure, messageOf, reasonOf, storageFailed } from "../errors.ts";
import type { NowOrLater } from "../repository/now-or-later.ts";
import type { Freshness, Marks } from "../repository/ports/freshness.ts";
import type { CacheStore } from "../repository/ports/pages.ts";
import type { Revalidation } from "../repository/repository.ts";
import type { StoredHead, StoredJson } from "../repository/stored-json.ts";
import type { FirstFetches } from "./first-fetches.ts";
import { TIMED_OUT, within } from "../repository/timeout.ts";
import type { Context } from "../repository/context.ts";

/** The stores and rules by which something is cached. `What` identifies it: a project's name, or a document's path. */
export interface RevalidationParts<What extends string, Value> {
  readonly store: CacheStore<What, Value>;
  readonly freshness: Freshness;
  /** What the source does not have (negative cache). In memory only: requests for random names must not cost writes. */
  readonly absent: Marks<What>;
  /** Milliseconds for which a stored value is served without revalidating it. */
  readonly ttl: number;
  /** Says, without asking the upstream, whether a value older than `ttl` is still current. */
  readonly confirmation?: ConfirmationOf<What, Value> | undefined;
  /** Runs before a new value is served; `before` is the value that it replaces. */
  readonly prepare?: ((value: Value, before: Value | undefined) => Promise<void>) | undefined;
  /** What is on its way for the first time; undefined where requests cannot wait for each other. */
  readonly firstFetches?: FirstFetches<What, Value | null> | undefined;
  /** Whether a stored value has the bytes that it was stored with. Asked where a job demands that it is made again. */
  readonly isIntact?: ((stored: Value) => Promise<boolean>) | undefined;
}

/**
 * The functions of `ChangeLogConfirmation` for one kind of stored value. They return times in milliseconds since the epoch, and are called
 * only if the time can change what happens next, because each may cost a read.
 */
export interface ConfirmationOf<What extends string, Value> {
  goodSince(what: What, stored: Value, ctx: Context): Promise<number>;
  followedSince(ctx: Context): Promise<number>;
}

/**
 * How long a source's "there is none" is believed. With the 10 s for which a find-links page is not read again and the
 * 30 s that the answer itself may be cached, a project published a minute ago is served. Milliseconds.
 */
const ABSENT_TTL = 20 * SECOND;

/** How long a request waits for a revalidation, which then goes on behind the answer. Milliseconds. */
export const PATIENCE = SECOND;

/**
 * How long a stored value is served without asking again after the upstream failed, so that no client waits for every
 * failure. Milliseconds.
 */
export const RETRY_AFTER = 30 * SECOND;

/**
 * Returns the stored value, or what `ask` gives. A fresh value is served as stored, an older one is revalidated, and
 * while the upstream fails the stored value is served whatever its age. Only a stored value ever stands in for a
 * failure: where nothing is stored, a failure stays a failure and never becomes absence.
 *
 * @param ask asks the source; `unchanged` where the given value is still current there
 * @param demand how new the value must be
 */
export async function revalidated<What extends string, Value extends StoredJson<StoredHead, Value>>(
  what: What,
  parts: RevalidationParts<What, Value>,
  ask: (known: Value | undefined) => Promise<Value | "unchanged" | null>,
  ctx: Context,
  demand: Revalidation = {},
): Promise<Value | null> {
  const { store, freshness, absent, ttl, confirmation, firstFetches } = parts;
  const { maxAgeMs, remake, strict } = demand;
  // A job asks because something has changed: what was absent a moment ago may exist now.
  if (!strict && absent.get(what, ctx.now)) return null;
  const isPlain = !strict && !remake && maxAgeMs === undefined;
  // A demand may be for something newer than what is on its way, or be about the store itself.
  const stored = await readOrReport(() => store.get(what, ctx.now, isPlain ? ctx : undefined), what, ctx);
  if (!stored) {
    const asked = () => refresh(what, null, parts, ask, ctx, strict);
    if (!isPlain || !firstFetches?.has(what)) await ctx.allowance?.admit();
    return firstFetches && isPlain ? firstFetches.of(what, asked, ctx) : asked();
  }
  const staleBefore = ctx.now - Math.min(ttl, maxAgeMs ?? ttl);
  const { changedAt } = stored.head;
  // The change log is not enough for a caller that demands a newer page, or one made again.
  const isDemanded = remake === true || maxAgeMs !== undefined;
  const believed = isDemanded ? undefined : confirmation;
  const standing = await freshness.standing(what, {
    changedAt,
    staleBefore,
    now: ctx.now,
    goodSince: believed && (() => believed.goodSince(what, stored, ctx)),
  });
  if (standing.kind === "fresh" && !remake) return stored;
  if (standing.kind === "failing") return stored.stale(standing.since);
  const read = await readOrReport(() => stored.buffered(), what, ctx);
  const isLost = read && remake && strict && (await parts.isIntact?.(read)) === false;
  const value = isLost ? null : read;
  const since = (standing.kind === "due" ? standing.since : undefined) ?? ctx.now;
  const checked = refresh(what, value && { value, since }, parts, ask, ctx, strict);
  if (!value || isDemanded) return checked;
  const outcome = await within(PATIENCE, checked);
  if (outcome !== TIMED_OUT) return outcome;
  ctx.defer(checked);
  return value.stale(since);
}

/** @param stored the stored value, and since when it has not been known to be current */
async function refresh<What extends string, Value extends StoredJson<StoredHead, Value>>(
  what: What,
  stored: { readonly value: Value; readonly since: number } | null,
  { store, freshness, absent, confirmation, prepare }: RevalidationParts<What, Value>,
  ask: (known: Value | undefined) => Promise<Value | "unchanged" | null>,
  ctx: Context,
  strict: boolean | undefined,
): Promise<Value | null> {
  try {
    const outcome = await ask(stored?.value);
    const answer = outcome === "unchanged" ? stored?.value : outcome;
    if (answer === undefined) throw new Error(`The source says that ${what} is unchanged, which was not stored.`);
    if (answer === null) {
      absent.set(what, true, 0, ctx.now + ABSENT_TTL);
      if (stored) ctx.defer(store.delete(what, stored.value, ctx.now));
      return null;
    }
    if (!stored && ctx.storesNothingNew) return answer;
    const unchanged = stored && answer.head.digest === stored.value.head.digest;
    if (stored && (unchanged || (await isBefore(answer, stored.value, confirmation, ctx)))) {
      freshness.good(what, ctx);
      return stored.value;
    }
    try {
      await prepare?.(answer, stored?.value);
    } catch (error) {
      if (strict) throw storageFailed(error);
      ctx.report({ event: "storage-failed", what, reason: messageOf(error) });
      return stored ? stored.value.stale(stored.since) : answer;
    }
    if (!stored) ctx.allowance?.stored(answer.head.size);
    ctx.defer(store.put(what, answer, ctx.now, { before: stored?.value, ctx }));
    return answer;
  } catch (error) {
    if (!stored || !isUpstreamFailure(error)) throw error;
    freshness.failed(what, stored.since, ctx.now + RETRY_AFTER, ctx);
    if (strict) throw error;
    ctx.report({ event: "upstream-failed", what: `${what}, served from the store`, reason: reasonOf(error) });
    return stored.value.stale(stored.since);
  }
}

/**
 * Whether the upstream's answer is older than the stored value, for example from a CDN node that lags behind. Serials
 * are compared only where the change log is followed: elsewhere an upstream may have begun to count anew.
 */
async function isBefore<What extends string, Value extends StoredJson<StoredHead, Value>>(
  answer: Value,
  stored: Value,
  confirmation: ConfirmationOf<What, Value> | undefined,
  ctx: Context,
): Promise<boolean> {
  if (!confirmation || !(Number(answer.head.serial) < Number(stored.head.serial))) return false;
  return stored.head.changedAt > (await confirmation.followedSince(ctx));
}

/**
 * Reads from a store; reports a failure and returns null. The store has only copies, and the upstream can answer
 * instead.
 */
export async function readOrReport<T>(read: () => NowOrLater<T | null>, what: string, ctx: Context): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    ctx.report({ event: "storage-failed", what, reason: messageOf(error) });
    return null;
  }
}
