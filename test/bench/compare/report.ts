/** The two tables: requests a second, and how pypi-edge stands to its targets. */
import { figure, median, spread, table } from "../harness/statistics.ts";
import type { Outcome } from "./measure.ts";
import type { Row, Target } from "./rows.ts";
import type { ServerName } from "./servers.ts";

export interface Result {
  readonly row: Row;
  readonly outcomes: ReadonlyMap<ServerName, Outcome>;
}

const OURS: ServerName = "pypi-edge";

/** Requests a second: the median of all rounds, with the lowest and the highest. */
export function rateTable(results: readonly Result[], servers: readonly ServerName[]): string {
  return table(
    ["requests a second", ...servers],
    results.map(({ row, outcomes }) => [row.title, ...servers.map((server) => rateCell(outcomes.get(server)))]),
  );
}

export function targetTable(results: readonly Result[]): string {
  const lines = results.flatMap(({ row, outcomes }) => row.targets.map((target) => targetLine(row, target, outcomes)));
  return table(["pypi-edge to its peer", "ratio", "target", "aim", "result"], lines);
}

/** Whether every measurement gave a figure; targets missed are not failures of the benchmark. */
export function isComplete(results: readonly Result[]): boolean {
  return results.every(({ outcomes }) => [...outcomes.values()].every((outcome) => "rates" in outcome));
}

function rateCell(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "";
  if ("problem" in outcome) return `**no figure**: ${oneLine(outcome.problem)}`;
  return [spread(outcome.rates), ...outcome.remarks].join("; ");
}

function targetLine(row: Row, target: Target, outcomes: ReadonlyMap<ServerName, Outcome>): readonly string[] {
  const ours = outcomes.get(OURS);
  const theirs = outcomes.get(target.peer);
  const ratio =
    ours && theirs && "rates" in ours && "rates" in theirs ? median(ours.rates) / median(theirs.rates) : undefined;
  return [
    `${row.title} ÷ ${target.peer}`,
    ratio === undefined ? "–" : figure(ratio),
    `≥ ${target.least}`,
    target.aim === undefined ? "–" : `${target.aim}`,
    verdict(ratio, target),
  ];
}

function verdict(ratio: number | undefined, target: Target): string {
  if (ratio === undefined) return "not measured";
  if (ratio < target.least) return "**missed**";
  return target.aim !== undefined && ratio >= target.aim ? "met, and the aim" : "met";
}

/** A cell of a Markdown table ends with its line. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").replaceAll("|", "\\|").slice(0, 300);
}
