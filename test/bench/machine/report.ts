/** The tables of the four parts: medians, the lowest and the highest of the rounds, and how the ways stand to one another. */
import type { Outcome } from "../compare/measure.ts";
import { figure, median, spread, table } from "../harness/statistics.ts";
import { PACKAGES } from "./content.ts";
import type { Installation } from "./install.ts";
import type { Transfer, Transfers } from "./large-file.ts";
import type { Samples } from "./rounds.ts";
import type { Stall } from "./stall.ts";
import type { WarmRow } from "./warm.ts";
import type { WayName } from "./ways.ts";

const TITLES: Record<WayName, string> = {
  direct: "straight from the upstream",
  Node: "pypi-edge on Node",
  workerd: "pypi-edge in workerd",
  proxpi: "proxpi",
};

export function installationTable(samples: Samples<Installation>): string {
  const seconds = (way: WayName) => samples.get(way)?.map((sample) => sample.seconds) ?? [];
  return table(
    [`cold install of ${PACKAGES} packages`, "rounds", "s", "÷ direct", "÷ workerd", "CPU, s", "resident, MB"],
    [...samples].map(([way, own]) => [
      TITLES[way],
      `${own.length}`,
      spread(seconds(way)),
      ratio(seconds(way), seconds("direct")),
      ratio(seconds(way), seconds("workerd")),
      spread(known(own.map(({ cpu }) => cpu))),
      spread(known(own.map(({ bytes }) => bytes)).map((bytes) => bytes / 1e6)),
    ]),
  );
}

export function transferTable(samples: Samples<Transfers>, megabytes: number): string {
  const of = (way: WayName, when: "cold" | "stored"): Transfer[] =>
    known(samples.get(way)?.map((sample) => sample[when]) ?? []);
  const seconds = (transfers: readonly Transfer[]) => transfers.map((transfer) => transfer.seconds);
  const direct = seconds(of("direct", "cold"));
  const rows = (["cold", "stored"] as const).flatMap((when) =>
    [...samples].flatMap(([way, own]) => {
      const transfers = of(way, when);
      if (transfers.length === 0) return [];
      const remarks = [...new Set(own.flatMap((sample) => sample.remarks))].map((remark) => `; ${remark}`).join("");
      return [
        [
          way === "direct" ? TITLES[way] : `${TITLES[way]}, ${when}${remarks}`,
          `${own.length}`,
          spread(seconds(transfers)),
          ratio(seconds(transfers), direct),
          ratio(seconds(transfers), seconds(of("workerd", when))),
          spread(known(transfers.map(({ cpu }) => cpu))),
        ],
      ];
    }),
  );
  return table([`a file of ${figure(megabytes)} MB`, "rounds", "s", "÷ direct", "÷ workerd", "CPU, s"], rows);
}

export function warmTable(
  results: readonly { readonly row: WarmRow; readonly outcomes: ReadonlyMap<WayName, Outcome> }[],
): string {
  return table(
    ["requests a second, warm", TITLES.Node, TITLES.workerd, "Node ÷ workerd"],
    results.map(({ row, outcomes }) => {
      const [node, workerd] = [outcomes.get("Node"), outcomes.get("workerd")];
      const both = node && workerd && "median" in node && "median" in workerd;
      return [row.title, rate(node), rate(workerd), both ? figure(node.median / workerd.median) : "–"];
    }),
  );
}

export function stallTable(samples: readonly Stall[], files: number): string {
  const line = (title: string, values: readonly number[]) => [title, `${values.length}`, spread(values)];
  return table(
    [`pypi-edge on Node while a page of ${figure(files)} files is fetched`, "rounds", "ms"],
    [
      line(
        "longest answer of `/-/health`",
        samples.map(({ fetching }) => fetching),
      ),
      line(
        "the same, nothing else asked for",
        samples.map(({ idle }) => idle),
      ),
      line(
        "the page itself",
        samples.map(({ page }) => page),
      ),
    ],
  );
}

function rate(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "–";
  if ("problem" in outcome) return `**no figure**: ${outcome.problem}`;
  const { median: middle, lowest, highest, remarks } = outcome;
  return [`${figure(middle)} (${figure(lowest)}–${figure(highest)})`, ...remarks].join("; ");
}

function ratio(values: readonly number[], base: readonly number[]): string {
  return values.length > 0 && base.length > 0 ? figure(median(values) / median(base)) : "–";
}

function known<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined);
}
