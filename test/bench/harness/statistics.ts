/** Figures for people. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error("median of nothing");
  return (lower + upper) / 2;
}

/** The median, with the lowest and the highest; `–` for no values. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return "–";
  return `${figure(median(values))} (${figure(Math.min(...values))}–${figure(Math.max(...values))})`;
}

/** Three significant digits below 100, whole and grouped above. */
export function figure(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

/** How many times `one` is `other`, in rounds that go together: a minute in which the machine is slow is in both. */
export const pairedQuotient = (one: readonly number[], other: readonly number[]): string =>
  spread(one.map((value, round) => value / (other[round] ?? Number.NaN)).filter(Number.isFinite));

/** A Markdown table; the first column is text, the others are figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? ":--" : "--:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
