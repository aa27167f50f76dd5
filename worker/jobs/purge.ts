import { cacheTag } from "../pypi/cache-tag.ts";
import type { Job } from "./crons.ts";

const NAME = "purge";

/** Where nobody knows when this last ran: a tick. Milliseconds. */
const MINUTE = 60_000;

/** For so long KV may still hand the old page to the edge, which then keeps it anew. Milliseconds. */
const KV_LAG = 70_000;

/** Of one call, and of one run: the platform takes 5 calls a minute. */
const TAGS_A_CALL = 100;
const MAX_TAGS = 500;

/**
 * Drops from the edge's cache what has changed here since the last run, and once more what changed before that and may have
 * come back. A run that fails is made up for by the next. A page that was deleted is not among them: its copies end by
 * themselves within two minutes.
 */
export const purgeEdge: Job = async ({ edge, recent, runs }, ctx, { dryRun }) => {
  if (!edge) return ["From here no edge cache can be reached; nothing was purged."];
  const last = (await runs.last(NAME)) ?? ctx.now - MINUTE;
  const names = await recent.changed(
    { after: last, until: ctx.now },
    { after: last - KV_LAG, until: ctx.now - KV_LAG },
    MAX_TAGS + 1,
  );
  const tooMany = names.length > MAX_TAGS;
  const what = tooMany ? "all" : names.length;
  if (dryRun) return [`Projects to be purged: ${what}.`];
  if (tooMany) await edge.purge("everything");
  else {
    for (let at = 0; at < names.length; at += TAGS_A_CALL) {
      await edge.purge(names.slice(at, at + TAGS_A_CALL).map(cacheTag));
    }
  }
  await runs.note(NAME, ctx.now);
  return [`Projects purged: ${what}.`];
};
