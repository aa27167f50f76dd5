import { escaped } from "../../worker/pypi/shown.ts";
import * as z from "zod/mini";
import type { AuditLine } from "../../schema/release.ts";
import { columns } from "../lib/columns.ts";

/** Entries of the audit log as lines of text; times are UTC. */
export const auditTable = (lines: readonly AuditLine[]): string[] =>
  columns(lines.map((line) => cells(line).map(escaped)));

/** Where a promoted release came from. */
const promoted = z.object({ from: z.string() });

const cells = ({ at, actor, actorName, action, index, project, subject, origin, details }: AuditLine) => [
  at.slice(0, 19).replace("T", " "),
  actor === "admin" ? actor : `${actorName} (${actor})`,
  action,
  index,
  project,
  subjectOf(action, subject, details),
  origin,
];

/** When a file was uploaded to the index that it comes from. */
const migrated = z.object({ uploadedAt: z.string() });

function subjectOf(action: string, subject: string, details: unknown): string {
  const { data } = promoted.safeParse(details);
  if (action === "promote" && data) return `${subject} (from ${data.from})`;
  const { data: kept } = migrated.safeParse(details);
  return action === "upload" && kept ? `${subject} (of ${kept.uploadedAt.slice(0, 10)})` : subject;
}
