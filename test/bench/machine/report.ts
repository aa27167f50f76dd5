/** The tables of the four parts: medians, the lowest and the highest of the rounds, and how the ways stand to one another. */
import { cpuIn, type Outcome, ratesIn } from "../compare/measure.ts";
import { figure, median, pairedQuotient, spread, table } from "../harness/statistics.ts";
import type { IndexOutcomes, IndexRow } from "./indexes.ts";
import type { Installation } from "./install.ts";
import type { Transfer, Transfers } from "./large-file.ts";
import type { Samples } from "./rounds.ts";
import type { Stall } from "./stall.ts";
import type { WarmRow } from "./warm.ts";
import { type WayName, isInUse } from "./ways.ts";

const TITLES: Record<WayName, string> = {
  direct: "straight from the upstream",
  Node: "pypi-edge on Node",
  workerd: "pypi-edge in workerd",
  before: "pypi-edge before, on simulators",
  proxpi: "proxpi",
  "Node in use": "pypi-edge on Node, in use",
  "proxpi in use": "proxpi, in use",
};

/**
 * A server in use is compared with proxpi in use.
 *
 * @param what was done, in the table's head
 * @param upstream how the upstream answers, in the table's head
 */
export function installationTable(samples: Samples<Installation>, what: string, upstream: string): string {
  const packages = new Set([...samples.values()].flat().map((sample) => sample.packages));
  if (packages.size !== 1) throw new Error(`the ways had ${[...packages].join(" and ")} packages`);
  const seconds = (way: WayName) => samples.get(way)?.map((sample) => sample.seconds) ?? [];
  return table(
    [
      `${what} of ${[...packages].join("")} packages, ${upstream}`,
      "rounds",
      "s",
      "÷ direct",
      "÷ proxpi",
      "CPU, s",
      "resident, MB",
    ],
    [...samples].map(([way, own]) => [
      TITLES[way],
      `${own.length}`,
      spread(seconds(way)),
      ratio(seconds(way), seconds("direct")),
      ratio(seconds(way), seconds(isInUse(way) ? "proxpi in use" : "proxpi")),
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
          ratio(seconds(transfers), seconds(of("proxpi", when))),
          spread(known(transfers.map(({ cpu }) => cpu))),
        ],
      ];
    }),
  );
  return table([`a file of ${figure(megabytes)} MB`, "rounds", "s", "÷ direct", "÷ proxpi", "CPU, s"], rows);
}

export function warmTable(
  results: readonly { readonly row: WarmRow; readonly outcomes: ReadonlyMap<WayName, Outcome> }[],
): string {
  const ways = [...new Set(results.flatMap(({ outcomes }) => [...outcomes.keys()]))];
  const others = ways.filter((way) => way !== "Node");
  return table(
    ["requests a second, warm", ...ways.map((way) => TITLES[way]), ...others.map((way) => `Node ÷ ${way}`)],
    results.map(({ row, outcomes }) => [
      row.title,
      ...ways.map((way) => rateOf(outcomes.get(way))),
      ...others.map((way) => quotient(outcomes.get("Node"), outcomes.get(way))),
    ]),
  );
}

type IndexResults = readonly (IndexOutcomes & { readonly way: "Node" | "workerd" | "devpi" })[];

/** Requests a second, by wrk. How they stand to those of the public index is from pairs of short turns, where there are any. */
export function indexTable(results: IndexResults): string {
  const rows = [...new Set(results.flatMap(({ outcomes }) => [...outcomes.keys()]))];
  const nodeOf = (row: IndexRow) => results.find(({ way }) => way === "Node")?.outcomes.get(row);
  const headsOf = (way: WayName | "devpi") => (way === "devpi" ? ["devpi", "Node ÷ devpi"] : [TITLES[way], "÷ public"]);
  return table(
    ["a small page, requests a second, warm", ...results.flatMap(({ way }) => headsOf(way))],
    rows.map((row) => [
      row,
      ...results.flatMap(({ way, outcomes, paired = outcomes }) => {
        const [own, base] = [paired.get(row), paired.get("of the public index")];
        const compared = way === "devpi" ? quotient(nodeOf(row), own) : pairedQuotient(ratesIn(own), ratesIn(base));
        return [rateOf(outcomes.get(row)), compared];
      }),
    ]),
  );
}

/** The same by the CPU of a request, which other work on the machine takes none of. */
export function indexCpuTable(results: IndexResults): string {
  const rows = [...new Set(results.flatMap(({ outcomes }) => [...outcomes.keys()]))];
  return table(
    ["a small page, CPU of a request, µs", ...results.flatMap(({ way }) => [titleOf(way), "public ÷ this"])],
    rows.map((row) => [
      row,
      ...results.flatMap(({ outcomes, paired = outcomes }) => {
        const own = cpuIn(paired.get(row));
        return [spread(own), pairedQuotient(cpuIn(paired.get("of the public index")), own)];
      }),
    ]),
  );
}

const titleOf = (way: WayName | "devpi") => (way === "devpi" ? way : TITLES[way]);

function quotient(one: Outcome | undefined, other: Outcome | undefined): string {
  return ratio(ratesIn(one), ratesIn(other));
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

/** Requests a second, for a table: what a reader must know of them behind them, or why there are none. */
export function rateOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return "–";
  if ("problem" in outcome) return `**no figure**: ${outcome.problem}`;
  return [spread(outcome.rates), ...outcome.remarks].join("; ");
}

function ratio(values: readonly number[], base: readonly number[]): string {
  return values.length > 0 && base.length > 0 ? figure(median(values) / median(base)) : "–";
}

function known<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value) => value !== undefined);
}
