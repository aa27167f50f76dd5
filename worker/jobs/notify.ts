import { DAY } from "../duration.ts";
import { messageOf } from "../errors.ts";
import type { Job } from "./job.ts";

/** How many times a run reads on, where there is more; the next run does the rest. */
const ROUNDS = 10;

/** For how long a job that did not run misses no end of an exemption. Milliseconds. */
const LOOK_BACK = DAY;

/**
 * The job `notify`: queues for each receiver what it is to be told. What is queued is told at least once: where the run ends between
 * the queue and the position, it is queued again, with the same id. Without receivers it costs nothing.
 */
export const queueNotices: Job = async ({ notices: { receivers, store, queue } }, ctx, { dryRun }) => {
  if (receivers.length === 0) return [{ kind: "no-receivers" }];
  // Each is told once, however often it is looked at.
  if (!dryRun) await store.add(await store.endedExemptions(ctx.now - LOOK_BACK, ctx.now), ctx.now);
  let [told, messages] = [0, 0];
  for (let round = 0, hasMore = true; hasMore && round < ROUNDS; round++) {
    const next = await store.next(ctx.now);
    const batch = receivers.flatMap(({ url, wants }) =>
      next.notices.filter(({ event }) => wants(event)).map((notice) => ({ url, notice })),
    );
    told += next.notices.length;
    messages += batch.length;
    if (dryRun) break;
    try {
      await queue.send(batch);
    } catch (error) {
      const reason = messageOf(error);
      ctx.report({ event: "queue-failed", what: "notices", reason });
      return [{ kind: "queue-refused", queue: "notices", reason }];
    }
    await next.done();
    ({ hasMore } = next);
  }
  return [{ kind: "notices-queued", notices: told, messages }];
};
