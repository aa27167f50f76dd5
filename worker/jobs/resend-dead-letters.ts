import type { JobResult } from "../../schema/job-results.ts";
import { messageOf } from "../errors.ts";
import type { Job } from "./job.ts";

/** Dead letters that are in memory at once. */
const AT_ONCE = 50;

/**
 * The job `replay`: sends every dead letter to its queue again. A letter that cannot be sent stays. As many are sent as there
 * were at the start: a message that fails again meanwhile is for the next run.
 */
export const resendDeadLetters: Job = async ({ letters }, ctx, { dryRun }) => {
  const counts = await letters.counts();
  const waiting = [...counts].filter(([, count]) => count > 0);
  if (waiting.length === 0) return [{ kind: "no-dead-letters" }];
  if (dryRun) return waiting.map(resent);
  const sent = new Map(waiting.map(([queue]) => [queue, 0]));
  let left = waiting.reduce((sum, [, count]) => sum + count, 0);
  while (left > 0) {
    const some = await letters.oldest(Math.min(AT_ONCE, left));
    if (some.length === 0) break;
    left -= some.length;
    for (const letter of some) {
      const { queue } = letter;
      try {
        await letters.resend(letter);
        sent.set(queue, (sent.get(queue) ?? 0) + 1);
      } catch (error) {
        const reason = messageOf(error);
        ctx.report({ event: "queue-failed", what: queue, reason });
        return [...resultsOf(sent), { kind: "queue-refused", queue, reason }];
      }
    }
  }
  return resultsOf(sent);
};

const resultsOf = (messages: ReadonlyMap<string, number>): JobResult[] =>
  [...messages].filter(([, count]) => count > 0).map(resent);

const resent = ([queue, messages]: readonly [string, number]): JobResult => ({
  kind: "messages-resent",
  queue,
  messages,
});
