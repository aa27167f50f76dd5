import type { JobResult } from "../../schema/job-results.ts";
import { DAY } from "../duration.ts";
import type { OrphanObject } from "../repository/ports/maintenance.ts";
import type { Job } from "./job.ts";

/** No upload takes as long: an older object that belongs to no file will never belong to one. Milliseconds. */
const ABANDONED = DAY;

/**
 * Published objects stay for so long, whether they have a row or have lost it: the database can be restored to any time of the last
 * 30 days, and then lacks the rows made since, and has those deleted since. Milliseconds.
 */
const RESTORABLE = 31 * DAY;

/** A deleted file can be restored for so long; its bytes then stay a day more, as long as the database can be restored. Milliseconds. */
const IN_TRASH = 30 * DAY;

/** A token can be looked up for so long after it ended. Milliseconds. */
const FORGOTTEN = 90 * DAY;

/**
 * A minted token stays for so long after it ended. As long as it is there its identity token, which is valid for an hour, is not
 * exchanged again. Milliseconds.
 */
const OUTLIVED = DAY;

/** Objects, and uploads, that a dry run names. */
const NAMED = 10;

/**
 * The job `clean`: empties the trash of what was deleted long ago, deletes the objects of uploads that belong to no file, cancels uploads that no client has gone on with, and
 * deletes tokens that ended long ago. Each step can be repeated without harm, and goes on where the last run ended.
 */
export const cleanUploads: Job = async ({ cleanup }, ctx, { dryRun }) => {
  const results: JobResult[] = [];
  const emptied = await cleanup.trash(ctx.now - IN_TRASH, ctx.now, dryRun);
  results.push(...emptied.map((release) => ({ kind: "trash-emptied" as const, ...release })));
  const abandoned = ctx.now - ABANDONED;
  const before = { "hosted/": ctx.now - RESTORABLE, "staging/": abandoned };
  const { seen: checked, deleted, kept } = await cleanup.objects(before, dryRun);
  const bytes = deleted.reduce((sum, { size }) => sum + size, 0);
  results.push({ kind: "upload-objects-deleted", checked, objects: deleted.length, bytes });
  if (dryRun) results.push(...deleted.slice(0, NAMED).map(named));
  for (const { prefix, reason } of kept) {
    results.push({ kind: "upload-objects-kept", prefix, reason });
    ctx.report({ event: "storage-failed", what: `the check of objects below ${prefix}`, reason });
  }

  const { ended, failed } = await cleanup.uploads(abandoned, dryRun);
  results.push({ kind: "uploads-cancelled", uploads: ended.length });
  if (dryRun) for (const filename of ended.slice(0, NAMED)) results.push({ kind: "upload-named", filename });
  for (const upload of failed) results.push({ kind: "upload-not-cancelled", ...upload });

  const tokens = await cleanup.tokens({ made: ctx.now - FORGOTTEN, minted: ctx.now - OUTLIVED }, dryRun);
  results.push({ kind: "tokens-deleted", tokens });
  return results;
};

const named = ({ key, size }: OrphanObject): JobResult => ({ kind: "object-named", key, bytes: size, usedAt: null });
