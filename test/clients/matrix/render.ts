/** What became of a cell; a note says why there was nothing to try. */
export type Outcome = "passed" | "failed" | "missing" | { readonly note: string };

/** A table in Markdown, as the formatter would have it, and its notes. */
export function render(
  rows: readonly string[],
  columns: readonly string[],
  outcomeOf: (row: string, column: string) => Outcome | undefined,
): string {
  const notes: string[] = [];
  const mark = (outcome: Outcome | undefined): string => {
    if (outcome === "passed") return "✓";
    if (outcome === "failed") return "✗";
    if (outcome === undefined || outcome === "missing") return "?";
    if (!notes.includes(outcome.note)) notes.push(outcome.note);
    return `(${notes.indexOf(outcome.note) + 1})`;
  };
  const cells = rows.map((row) => [row, ...columns.map((column) => mark(outcomeOf(row, column)))]);
  const header = ["", ...columns];
  const widths = header.map((title, index) =>
    Math.max(3, title.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" | ")} |`;
  const lines = [line(header), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...cells.map(line)];
  return [...lines, ...(notes.length > 0 ? ["", ...notes.map((note, index) => `${index + 1}. ${note}`)] : []), ""].join(
    "\n",
  );
}
