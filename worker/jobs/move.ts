import { SECOND } from "../duration.ts";
import { badRequest } from "../errors.ts";
import type { Job } from "./job.ts";

/** How long one run goes on with another file. What is left is done by the next run. Milliseconds. */
const RUN = 15 * SECOND;

const NO_DRY_RUN = "A move has no dry run.";

/**
 * The job `move-out`: writes what a plain copy of the bucket needs to be moved to another deployment, with all that is stored. It
 * changes nothing else. A run does a part of it.
 */
export const moveOutOfBucket: Job = async ({ moving }, _, { dryRun }) => {
  if (dryRun) throw badRequest(NO_DRY_RUN);
  return [{ kind: "moved-out", ...(await moving.out(RUN)) }];
};

/** The job `move-in`: stores what was moved out of another deployment and copied into the bucket. A run does a part of it. */
export const moveIntoBucket: Job = async ({ moving }, _, { dryRun }) => {
  if (dryRun) throw badRequest(NO_DRY_RUN);
  return [{ kind: "moved-in", ...(await moving.in(RUN)) }];
};
