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

/**
 * How many times `one` is `other`, in rounds that go together: a minute in which the machine is slow is in both. The geometric mean,
 * which is the same the other way round, and its standard error.
 */
export function pairedQuotient(one: readonly number[], other: readonly number[]): string {
  const logarithms = paired(one, other, (a, b) => Math.log(a / b));
  if (logarithms.length < 2) return "–";
  const quotient = Math.exp(mean(logarithms));
  return `${figure(quotient)} ± ${figure(quotient * standardError(logarithms))}`;
}

/** How much more `one` is than `other`, in rounds that go together: the mean, and its standard error. */
export function pairedDifference(one: readonly number[], other: readonly number[]): string {
  const differences = paired(one, other, (a, b) => a - b);
  return differences.length < 2 ? "–" : `${figure(mean(differences))} ± ${figure(standardError(differences))}`;
}

/** The median of how much more `one` is than `other`, in rounds that go together: one of them that was disturbed does not move it. */
export function medianDifference(one: readonly number[], other: readonly number[]): string {
  const differences = paired(one, other, (a, b) => a - b);
  return differences.length === 0 ? "–" : figure(median(differences));
}

const paired = (one: readonly number[], other: readonly number[], of: (a: number, b: number) => number) =>
  one.map((value, round) => of(value, other[round] ?? Number.NaN)).filter(Number.isFinite);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function standardError(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

/** A Markdown table; the first column is text, the others are figures. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? ":--" : "--:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
