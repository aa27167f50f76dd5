import type { AuditLine } from "../../schema/release.ts";
import { aligned } from "./aligned.ts";

/** Lines of the audit log as a person reads them; times are UTC. */
export const auditTable = (lines: readonly AuditLine[]): string[] => aligned(lines.map(cells));

const cells = ({ at, actor, actorName, action, index, project, subject, origin }: AuditLine) => [
  at.slice(0, 19).replace("T", " "),
  actor === "admin" ? actor : `${actorName} (${actor})`,
  action,
  index,
  project,
  subject,
  origin,
];
