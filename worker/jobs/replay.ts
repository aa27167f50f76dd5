import { messageOf } from "../errors.ts";
import type { Job } from "./crons.ts";

/** Letters that are in memory at once. */
const AT_ONCE = 50;

/**
 * Sends every dead letter to its queue again. What cannot be sent stays. One that dies again while this runs is a new letter
 * and the next run's: as many are sent as there were.
 */
export const replay: Job = async ({ letters }, ctx, { dryRun }) => {
  const counts = await letters.counts();
  const told = [...counts].filter(([, count]) => count > 0).map(([queue, count]) => `${count} to ${queue}`);
  if (told.length === 0) return ["There are no dead letters."];
  if (dryRun) return [`Would send ${told.join(" and ")}.`];
  let left = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let sent = 0;
  while (left > 0) {
    const some = await letters.oldest(Math.min(AT_ONCE, left));
    if (some.length === 0) break;
    left -= some.length;
    for (const letter of some) {
      try {
        await letters.resend(letter);
        sent++;
      } catch (error) {
        const reason = messageOf(error);
        ctx.report({ event: "queue-failed", what: letter.queue, reason });
        return [`Sent ${sent}; then ${letter.queue} did not take one: ${reason}. The others are kept.`];
      }
    }
  }
  return [`Sent ${told.join(" and ")}.`];
};
