import { isUpstreamFailure, messageOf, reasonOf, storageFailed } from "../errors.ts";
import type { Freshness, Marks } from "../repository/ports/freshness.ts";
import type { CacheStore } from "../repository/ports/pages.ts";
import type { Revalidation } from "../repository/repository.ts";
import type { StoredHead, StoredJson } from "../repository/stored-json.ts";
import { LATE, within } from "../repository/timeout.ts";
import type { Context } from "../repository/context.ts";

/** What something is kept with. `What` says which one: its name, or its path. */
export interface RevalidationParts<What extends string, Value> {
  readonly store: CacheStore<What, Value>;
  readonly freshness: Freshness;
  /** What the source said it does not have. Memory only: random names must not cost writes. */
  readonly absent: Marks<What>;
  /** Milliseconds for which it is served without asking the upstream. */
  readonly ttl: number;
  /** What says without the upstream that something older than `ttl` is right still. */
  readonly vouching?: Assurance<What, Value> | undefined;
  /** Does what must be done before a new one is seen by anybody; `before` is the one that it takes the place of. */
  readonly prepare?: ((value: Value, before: Value | undefined) => Promise<void>) | undefined;
}

/** Both are asked where it matters alone. Milliseconds since the epoch, as in `Vouching`. */
export interface Assurance<What extends string, Value> {
  goodSince(what: What, stored: Value, ctx: Context): Promise<number>;
  followedSince(ctx: Context): Promise<number>;
}

/**
 * How long absence is believed. With the 10 s for which a page of links is not read again and the 30 s of the answer's own
 * lifetime, what was published a minute ago is served. Milliseconds.
 */
const ABSENT_TTL = 20_000;

/** How long the check of a stored one is waited for; it then goes on behind the answer. Milliseconds. */
const PATIENCE = 1_000;

/** How long a stored one is served without asking again after the upstream failed: no client waits for each failure. */
export const RETRY_AFTER = 30_000;

/**
 * What is kept, or what `ask` gives: a fresh one is served as stored, an older one is checked, and while the upstream is
 * away what is stored is served, without limit of age. Only a stored one ever stands in for a failure: an unseen name stays
 * a failure and never becomes absent.
 *
 * @param ask asks the source; `unchanged` where the one that it was given is what the source has still
 * @param demand how new it must be
 */
export async function revalidated<What extends string, Value extends StoredJson<StoredHead, Value>>(
  what: What,
  parts: RevalidationParts<What, Value>,
  ask: (known: Value | undefined) => Promise<Value | "unchanged" | null>,
  ctx: Context,
  demand: Revalidation = {},
): Promise<Value | null> {
  const { store, freshness, absent, ttl, vouching } = parts;
  const { maxAgeMs, remake, strict } = demand;
  // A job asks because something has changed: what was absent a moment ago may be there.
  if (!strict && absent.get(what, ctx.now)) return null;
  const stored = await orReport(() => store.get(what, ctx.now), what, ctx);
  if (!stored) return refresh(what, null, parts, ask, ctx, strict);
  const staleBefore = ctx.now - Math.min(ttl, maxAgeMs ?? ttl);
  const { changedAt } = stored.head;
  // A caller that demands a newer one, or one made again, is not satisfied by the change log.
  const isDemanded = remake === true || maxAgeMs !== undefined;
  const believed = isDemanded ? undefined : vouching;
  const standing = await freshness.standing(what, {
    changedAt,
    staleBefore,
    now: ctx.now,
    goodSince: believed && (() => believed.goodSince(what, stored, ctx)),
  });
  if (standing.kind === "fresh" && !remake) return stored;
  if (standing.kind === "failing") return stored.stale(standing.since);
  const value = await orReport(() => stored.buffered(), what, ctx);
  const since = (standing.kind === "due" ? standing.since : undefined) ?? ctx.now;
  const checked = refresh(what, value && { value, since }, parts, ask, ctx, strict);
  if (!value || isDemanded) return checked;
  const outcome = await within(PATIENCE, checked);
  if (outcome !== LATE) return outcome;
  ctx.defer(checked);
  return value.stale(since);
}

/** @param stored what is kept, and since when it has not been known to be good */
async function refresh<What extends string, Value extends StoredJson<StoredHead, Value>>(
  what: What,
  stored: { readonly value: Value; readonly since: number } | null,
  { store, freshness, absent, vouching, prepare }: RevalidationParts<What, Value>,
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
      if (stored) ctx.defer(store.delete(what, stored.value));
      return null;
    }
    const unchanged = stored && answer.head.digest === stored.value.head.digest;
    if (stored && (unchanged || (await isBefore(answer, stored.value, vouching, ctx)))) {
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
 * Whether the upstream's answer is older than what is kept, as from a node of its network that is behind the others. The
 * serials of a log that is followed can be compared; others may have begun anew.
 */
async function isBefore<What extends string, Value extends StoredJson<StoredHead, Value>>(
  answer: Value,
  stored: Value,
  vouching: Assurance<What, Value> | undefined,
  ctx: Context,
): Promise<boolean> {
  if (!vouching || !(Number(answer.head.serial) < Number(stored.head.serial))) return false;
  return stored.head.changedAt > (await vouching.followedSince(ctx));
}

/** What a store has, or null where it cannot tell: these are copies, and without them the upstream is just as right. */
export async function orReport<T>(read: () => Promise<T | null>, what: string, ctx: Context): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    ctx.report({ event: "storage-failed", what, reason: messageOf(error) });
    return null;
  }
}
