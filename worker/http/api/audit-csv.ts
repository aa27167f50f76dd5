import { escaped } from "../../pypi/shown.ts";
import type { AuditEntry } from "../../publishing/releases/audit-log.ts";

/** The columns, in their order: the members of a line of JSON. */
const COLUMNS = [
  "id",
  "at",
  "actor",
  "actorName",
  "origin",
  "action",
  "index",
  "project",
  "subject",
  "details",
] as const;

/** What a spreadsheet takes for a formula, also in full width; behind spaces too, which some of them skip. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/;

/** The first line. */
export const CSV_HEADER = line(COLUMNS);

/**
 * An entry as a line of CSV (RFC 4180), with its end. Clients wrote parts of it: a cell that a spreadsheet would take for a formula
 * begins with an apostrophe, each cell is quoted, so that no separator of another locale divides it, and controls are escaped.
 */
export const csvLine = (entry: AuditEntry): string =>
  line(COLUMNS.map((column) => (column === "at" ? new Date(entry.at).toISOString() : String(entry[column]))));

function line(cells: readonly string[]): string {
  const safe = cells.map(escaped).map((cell) => (FORMULA.test(cell) ? `'${cell}` : cell));
  return `${safe.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\r\n`;
}
