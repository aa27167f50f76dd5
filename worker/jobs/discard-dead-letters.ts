import type { Job } from "./job.ts";

/** The job `discard`: deletes the dead letters that there are. */
export const discardDeadLetters: Job = async ({ letters }, ctx, { dryRun }) => {
  const waiting = [...(await letters.counts())].filter(([, messages]) => messages > 0);
  if (waiting.length === 0) return [{ kind: "no-dead-letters" }];
  if (!dryRun) await letters.discard(ctx.now);
  return waiting.map(([queue, messages]) => ({ kind: "messages-discarded", queue, messages }));
};
