import * as z from "zod/mini";
import { isPrintable } from "../worker/pypi/shown.ts";

/** A reason is shown by installers, in one line. Characters. */
const MAX_REASON = 400;

// oxlint-disable-next-line no-control-regex
const LINE_END = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const reason = z.string("must be a text").check(
  z.refine((it) => it.length <= MAX_REASON, `must be at most ${MAX_REASON} characters`),
  z.refine((it) => !LINE_END.test(it), "must be one line of text"),
  z.refine((it) => LINE_END.test(it) || isPrintable(it), "must have no characters that control the direction of text"),
);

/** The statuses of PEP 792. */
export const STATUSES = ["active", "archived", "deprecated", "quarantined"] as const;

/** The body of a yank. Without `reason`, files that are yanked keep theirs. */
export const yankBody = z.strictObject({ reason: z.optional(reason) });

/** For actions without parameters. */
export const emptyBody = z.strictObject({});

/** The body of a status change. */
export const statusBody = z.strictObject({
  status: z.enum(STATUSES, `must be one of ${STATUSES.join(", ")}`),
  reason: z.optional(reason),
});

/** The body of a promotion: the index that gets the release too. */
export const promoteBody = z.strictObject({ to: z.string("must be an index's name") });

/** The part of the API's answers that commands print. */
export const doneAnswer = z.object({
  did: z.string(),
  /** Where copies of what was withdrawn may remain. */
  remains: z.optional(z.string()),
});

/** The answer to an action on a hosted project. */
export const releaseChange = z.extend(doneAnswer, {
  index: z.string(),
  project: z.string(),
  /** Left out where the action concerns no single release. */
  version: z.optional(z.string()),
  /** The files that were changed; empty where nothing had to be changed. */
  files: z.array(z.string()),
});

/** A hosted project in the API's form; times are ISO 8601. */
export const releasedProject = z.object({
  index: z.string(),
  project: z.string(),
  status: z.enum(STATUSES),
  statusReason: z.optional(z.string()),
  /** Oldest first. */
  versions: z.array(
    z.object({
      version: z.string(),
      files: z.array(
        z.object({
          filename: z.string(),
          /** Bytes. */
          size: z.number(),
          sha256: z.string(),
          uploadedAt: z.string(),
          /** The name of the token that uploaded it; left out where the audit log does not have it. */
          uploadedBy: z.optional(z.string()),
          /** The reason, which may be empty; left out where the file is not yanked. */
          yanked: z.optional(z.string()),
          /** Left out where the file was not deleted. */
          deletedAt: z.optional(z.string()),
          /** Left out where it was not deleted, or can no longer be restored. */
          restorable: z.optional(z.boolean()),
        }),
      ),
    }),
  ),
});

export type ProjectAnswer = z.infer<typeof releasedProject>;

/** An audit entry in the API's form. */
export const auditLine = z.object({
  id: z.number(),
  /** ISO 8601. */
  at: z.string(),
  actor: z.string(),
  actorName: z.string(),
  origin: z.string(),
  action: z.string(),
  index: z.string(),
  project: z.string(),
  subject: z.string(),
  details: z.unknown(),
});

export type AuditLine = z.infer<typeof auditLine>;
