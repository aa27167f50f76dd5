import { DAY, MINUTE, inSeconds } from "../../duration.ts";
import type { Freshness, FreshnessState, FreshnessQuestion } from "../../repository/ports/freshness.ts";
import type { Memory } from "../memory.ts";
import type { ResponseCache } from "../../platform/platform.ts";

/** How long a marker is kept: it must still be there when its page has been stale for a week. Seconds. */
const MARKER_TTL = inSeconds(30 * DAY);

/** The last revalidation of a page. Milliseconds since the epoch. */
export interface LastRevalidation {
  /** The time at which the page was last known to be current. If that time was lost, the time at which revalidation first failed. */
  readonly since: number;
  /** When the upstream may be asked again after it failed; 0 where it did not. */
  readonly retryAt: number;
}

const WEIGHT = 16;

/**
 * How far another isolate's clock may be ahead. A time that is later than this was noted before a clock was set back, and
 * nothing is known by it: it would keep a page fresh until that time has come. Milliseconds.
 */
const AHEAD = 2 * MINUTE;

/**
 * The results of pages' last revalidations: in memory, and as small markers in the data centre's cache for other
 * isolates. Never in KV, where each revalidation of an unchanged page would cost a write.
 */
export function freshness(
  memory: Memory<LastRevalidation>,
  cache: ResponseCache,
  keyOf: (what: string) => string,
): Freshness {
  function record(key: string, check: LastRevalidation, defer: (work: Promise<unknown>) => void) {
    memory.set(key, check, WEIGHT);
    const headers = { "Cache-Control": `max-age=${MARKER_TTL}` };
    defer(cache.put(key, new Response(`${check.since} ${check.retryAt}`, { headers })));
  }

  return {
    async standing(what, given) {
      const key = keyOf(what);
      const { now } = given;
      const asked = { ...given, changedAt: given.changedAt > now + AHEAD ? 0 : given.changedAt };
      const remembered = believed(memory.get(key, now), now);
      const atOnce = judge(remembered, asked);
      if (atOnce.kind !== "due") return atOnce;
      const confirmed = { ...asked, staleBefore: Math.min(asked.staleBefore, (await asked.goodSince?.()) ?? Infinity) };
      // Fresh without a revalidation since it was stored; and where the last one failed, it need not be repeated.
      if (asked.changedAt > confirmed.staleBefore) return { kind: "fresh" };
      const standing = judge(remembered, confirmed);
      if (standing.kind !== "due") return standing;
      const marked = believed(await readMarker(cache, key), now);
      if (!marked || (remembered && !isNewer(marked, remembered))) return standing;
      memory.set(key, marked, WEIGHT);
      return judge(marked, confirmed);
    },

    good(what, ctx) {
      const key = keyOf(what);
      if ((believed(memory.get(key, ctx.now), ctx.now)?.since ?? 0) > ctx.now) return;
      record(key, { since: ctx.now, retryAt: 0 }, ctx.defer);
    },

    forget(what, ctx) {
      memory.delete(keyOf(what));
      ctx.defer(cache.delete(keyOf(what)));
    },

    failed(what, since, retryAt, ctx) {
      const key = keyOf(what);
      const last = believed(memory.get(key, ctx.now), ctx.now);
      // Another request has recorded the same failure, or has found the page to be current.
      if (last && (last.retryAt > ctx.now || last.since > since)) return;
      record(key, { since, retryAt }, ctx.defer);
    },
  };
}

/** A revalidation, unless it has a time of a clock that was set back since. */
const believed = (check: LastRevalidation | undefined, now: number) =>
  check && Math.max(check.since, check.retryAt) <= now + AHEAD ? check : undefined;

/** A page that was stored after its last revalidation was current when it was stored. */
function judge(
  check: LastRevalidation | undefined,
  { changedAt, staleBefore, now }: FreshnessQuestion,
): FreshnessState {
  const last = check && check.since >= changedAt ? check : { since: changedAt, retryAt: 0 };
  if (last.retryAt > now) return { kind: "failing", since: last.since };
  if (last.retryAt === 0 && last.since > staleBefore) return { kind: "fresh" };
  // Without a marker it is unknown until when the page was current.
  return { kind: "due", since: check && last.since };
}

const isNewer = (one: LastRevalidation, other: LastRevalidation) =>
  one.since > other.since || (one.since === other.since && one.retryAt > other.retryAt);

/** Undefined where the cache cannot be read: that costs one more request to the upstream. */
async function readMarker(cache: ResponseCache, key: string): Promise<LastRevalidation | undefined> {
  const marker = await cache.match(key).catch(() => undefined);
  const [since = 0, retryAt = 0] = ((await marker?.text()) ?? "").split(" ").map(Number);
  return since > 0 ? { since, retryAt } : undefined;
}
