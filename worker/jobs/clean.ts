import type { Job } from "./crons.ts";
import { amount } from "./amount.ts";

const DAY = 24 * 3_600_000;

/** No upload takes as long: what is older and nobody's will be nobody's for good. Milliseconds. */
const ABANDONED = DAY;

/**
 * What was published stays for so long, whether it has a row or not, and so does what has lost its row: the database can be restored
 * to any time of the last 30 days, and would then know nothing of what has come since, and again of what has gone. Milliseconds.
 */
const RESTORABLE = 31 * DAY;

/** For so long a token that has ended can be looked up. Milliseconds. */
const FORGOTTEN = 90 * DAY;

/**
 * For so long one that was minted is there when it has ended. While it is, its identity token is not exchanged again; that one is
 * good for an hour. Milliseconds.
 */
const OUTLIVED = DAY;

/** Objects that a dry run names. */
const NAMED = 10;

/**
 * Deletes what uploads have left behind: bytes that no file is made of, uploads that nobody has gone on with; and tokens that
 * ended long ago. Each step is done again without harm, and goes on where it ended.
 */
export const clean: Job = async ({ leftovers }, ctx, { dryRun }) => {
  const abandoned = ctx.now - ABANDONED;
  const before = { "hosted/": ctx.now - RESTORABLE, "staging/": abandoned };
  const { seen, deleted, doubts } = await leftovers.objects(before, dryRun);
  const bytes = deleted.reduce((sum, { size }) => sum + size, 0);
  const were = dryRun ? "would be" : "were";
  const told = [`Of ${seen} objects of uploads ${deleted.length} (${amount(bytes)}) are nobody's and ${were} deleted.`];
  if (dryRun) told.push(...deleted.slice(0, NAMED).map(({ key, size }) => `${key}, ${amount(size)}`));
  for (const doubt of doubts) {
    told.push(doubt);
    ctx.report({ event: "storage-failed", what: "clean", reason: doubt });
  }

  const { ended, failed } = await leftovers.uploads(abandoned, dryRun);
  told.push(`${ended.length} uploads that nobody has finished for a day ${were} given up.`);
  if (dryRun) told.push(...ended.slice(0, NAMED));
  told.push(...failed);

  const tokens = await leftovers.tokens({ made: ctx.now - FORGOTTEN, minted: ctx.now - OUTLIVED }, dryRun);
  told.push(`${tokens} tokens that ended long ago ${were} deleted.`);
  return told;
};
