import * as z from "zod/mini";
import { DAY } from "../worker/duration.ts";
import { age, ageOf } from "./policy.ts";

/** Shorter, a job that runs once a week would lose what it uses. Milliseconds. */
const LEAST_UNUSED = 7 * DAY;

const MOST_RELEASES = 10_000;
const RELEASES = `must be a whole number of releases from 1 to ${MOST_RELEASES}`;

/** `[vars.INDEXES.NAME.keep]`. */
export const keepRules = z
  .strictObject({
    per_project: z.optional(
      z.number(RELEASES).check(z.refine((it) => Number.isInteger(it) && it >= 1 && it <= MOST_RELEASES, RELEASES)),
    ),
    dev: z.optional(age),
    prerelease: z.optional(age),
    unused: z._default(age.check(z.refine((it: number) => it >= LEAST_UNUSED, "must be at least 7d")), ageOf("30d")),
  })
  .check(
    z.refine(
      ({ per_project: count, dev, prerelease }) => count !== undefined || dev !== undefined || prerelease !== undefined,
      "must have per_project, dev or prerelease, or be left out",
    ),
  );

/** Which releases an index keeps. Times are milliseconds. */
export interface KeepConfig {
  /** How many releases of a project are kept, of each kind; undefined: all. */
  readonly perProject: number | undefined;
  /** For how long development releases are kept; undefined: for good. */
  readonly dev: number | undefined;
  /** For how long pre-releases are kept; undefined: for good. */
  readonly prerelease: number | undefined;
  /** For how long a release is kept, whatever the others say, after its last upload, download or restoring. */
  readonly unused: number;
}

export const resolveKeep = ({
  per_project: perProject,
  dev,
  prerelease,
  unused,
}: z.infer<typeof keepRules>): KeepConfig => ({
  perProject,
  dev,
  prerelease,
  unused,
});
