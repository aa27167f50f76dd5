import * as z from "zod/mini";
import { isPrintable } from "../worker/pypi/shown.ts";

/** Why something was done: shown to whoever installs it, in one line. Characters. */
const MAX_REASON = 400;

// oxlint-disable-next-line no-control-regex
const LINE_END = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const reason = z.string("must be a text").check(
  z.refine((it) => it.length <= MAX_REASON, `must be at most ${MAX_REASON} characters`),
  z.refine((it) => !LINE_END.test(it), "must be one line of text"),
  z.refine((it) => LINE_END.test(it) || isPrintable(it), "must have no characters that control the direction of text"),
);

/** PEP 792's. */
export const STATUSES = ["active", "archived", "deprecated", "quarantined"] as const;

/** What is sent to have a release yanked; without a reason a file keeps the one that it has. */
export const yankBody = z.strictObject({ reason: z.optional(reason) });

/** What is sent where there is nothing to be said. */
export const emptyBody = z.strictObject({});

/** What is sent to change a project's status. */
export const statusBody = z.strictObject({
  status: z.enum(STATUSES, `must be one of ${STATUSES.join(", ")}`),
  reason: z.optional(reason),
});

/** What is sent to promote a release: the index that is to have it too. */
export const promoteBody = z.strictObject({ to: z.string("must be an index's name") });

/** What the API answers to all of these, as far as a person reads it. */
export const doneAnswer = z.object({ did: z.string() });

/** A project that an index hosts, as the API shows it; times are ISO 8601. */
export const releasedProject = z.object({
  index: z.string(),
  project: z.string(),
  status: z.enum(STATUSES),
  statusReason: z.optional(z.string()),
  /** The oldest first. */
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
          /** The reason, which may be empty; left out where it is not yanked. */
          yanked: z.optional(z.string()),
          /** Left out where it is there. */
          deletedAt: z.optional(z.string()),
        }),
      ),
    }),
  ),
});

export type ShownProject = z.infer<typeof releasedProject>;

/** A line of the audit log as the API shows it. */
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
