/** The two tables: what a request costs, and how that stands to the targets. */
import type { Page } from "../content/pages.ts";
import { figure, median, table } from "../harness/statistics.ts";
import type { PageCosts, Samples } from "./cases.ts";
import type { SimulatorCosts } from "./simulator-cases.ts";

export interface Result {
  readonly page: Page;
  readonly costs: PageCosts;
  readonly simulator: SimulatorCosts;
}

/** Milliseconds of CPU, the local runtime's own share apart. `six` is not here: it is small enough for the isolate's memory. */
const TARGETS = [
  { page: "django", rendering: "HTML, the first time", most: 8 },
  { page: "grpcio", rendering: "HTML, the first time", most: 130 },
  { page: "django", rendering: "JSON", most: 1 },
  { page: "numpy", rendering: "JSON", most: 1 },
  { page: "grpcio", rendering: "JSON", most: 1 },
] as const;

const LINES: readonly (readonly [string, (result: Result) => Samples])[] = [
  ["not stored yet: fetched, parsed, stored", ({ costs }) => costs.cold],
  ["HTML, the first time", ({ costs }) => costs.htmlFirst],
  ["HTML, from then on", ({ costs }) => costs.htmlAgain],
  ["JSON", ({ costs }) => costs.json],
  ["JSON, gzip not asked for", ({ costs }) => costs.jsonPlain],
  ["bare worker: the JSON's bytes read from KV", ({ simulator }) => simulator.read],
  ["bare worker: the HTML's bytes written to KV", ({ simulator }) => simulator.write],
];

export function costTable(results: readonly Result[]): string {
  const titles = results.map(({ page }) => `${page.name}, ${figure(page.files.length)} files`);
  return table(
    ["ms of CPU a request", ...titles],
    LINES.map(([label, samplesOf]) => [label, ...results.map((result) => spread(samplesOf(result)))]),
  );
}

export function targetTable(results: readonly Result[]): string {
  const lines = TARGETS.flatMap(({ page: name, rendering, most }) => {
    const result = results.find(({ page }) => page.name === name);
    if (result === undefined) return [];
    const { costs, simulator } = result;
    const read = median(simulator.read);
    const value =
      rendering === "JSON" ? median(costs.json) - read : median(costs.htmlFirst) - read - median(simulator.write);
    return [[`${name}: ${rendering}`, figure(value), `≤ ${most}`, value <= most ? "met" : "**missed**"]];
  });
  return table(["less the bare worker's share", "ms of CPU", "target", "result"], lines);
}

/** Median (lowest–highest). */
function spread(samples: Samples): string {
  return `${figure(median(samples))} (${figure(Math.min(...samples))}–${figure(Math.max(...samples))})`;
}
