/** Requests a second of an index with a policy beside those of one without, over the same upstream in the same server. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Wheel } from "../../../cli/demo/wheel.ts";
import { type Outcome, type Plan, type Question, measureRow } from "../compare/measure.ts";
import type { Page } from "../content/pages.ts";
import { startProduct } from "../harness/product.ts";
import { figure, table } from "../harness/statistics.ts";
import { locateFile } from "../stream/download.ts";
import { filesOn } from "./warm.ts";

interface GuardedOrNot {
  readonly name: "guarded" | "open";
  readonly simple: URL;
  ending(): string | undefined;
}

/** What is asked of both indexes. */
export interface GuardContent {
  /** Pages of which the newest release is refused. */
  readonly pages: readonly Page[];
  readonly file: Wheel;
}

const JSON_PAGE = { Accept: "application/vnd.pypi.simple.v1+json" };

/** Writes a configuration with an index `guarded`, which refuses the newest release of each page, beside one without a policy. */
export function guardConfiguration(folder: string, pages: readonly Page[]): string {
  const denied = pages.map((page) => `"${page.name}==${newestOf(page)}"`);
  const file = join(folder, "guard.toml");
  writeFileSync(
    file,
    `[vars.INDEXES.default]
sources = ["pypi"]
[vars.INDEXES.guarded]
sources = ["pypi"]
[vars.INDEXES.guarded.policy]
min_age = "3d"
deny = [${denied.join(", ")}]
`,
  );
  return file;
}

/** @param scratch a directory for what the server stores */
export async function guardTable(
  upstream: URL,
  scratch: string,
  { pages, file }: GuardContent,
  plan: Plan,
): Promise<string> {
  const state = mkdtempSync(join(scratch, "guard-"));
  const config = guardConfiguration(state, pages);
  const product = await startProduct(upstream, join(state, "stored"), "node", undefined, ["--config", config]);
  try {
    const ending = () => product.ending();
    const servers: GuardedOrNot[] = [
      { name: "guarded", simple: new URL("/guarded/simple/", product.simple), ending },
      { name: "open", simple: product.simple, ending },
    ];
    const rows = [...pages.flatMap((page) => [pageRow(page, "identity"), pageRow(page, "gzip")]), fileRow(file)];
    const results = [];
    for (const row of rows) results.push({ title: row.title, outcomes: await measureRow(row, servers, plan) });
    return table(
      ["requests a second, warm", "without a policy", "with one", "with ÷ without"],
      results.map(({ title, outcomes }) => [
        title,
        rateOf(outcomes.get("open")),
        rateOf(outcomes.get("guarded")),
        quotientOf(outcomes.get("guarded"), outcomes.get("open")),
      ]),
    );
  } finally {
    await product.stop();
  }
}

type Row = Question<GuardedOrNot> & { readonly title: string };

function pageRow({ name, files }: Page, coding: "identity" | "gzip"): Row {
  // The two indexes list different numbers: the guarded one lists most of them.
  const wrong = (found: number) => (found <= files.length && found > files.length * 0.6 ? undefined : `${found} files`);
  return {
    title: `a page of ${figure(files.length)} files, JSON${coding === "gzip" ? ", gzip asked for" : ""}`,
    headers: { ...JSON_PAGE, "Accept-Encoding": coding },
    locate: async ({ simple }) => new URL(`${name}/`, simple),
    problem: (answer) => (answer.status === 200 ? wrong(filesOn(answer)) : `status ${answer.status}`),
  };
}

function fileRow({ project, bytes }: Wheel): Row {
  return {
    title: `a file of ${figure(Math.round(bytes.byteLength / 1000))} KB`,
    headers: { Accept: "*/*", "Accept-Encoding": "identity" },
    locate: ({ simple }) => locateFile(simple, project),
    problem: ({ status }) => (status === 200 ? undefined : `status ${status}`),
  };
}

/** The version of the last wheel or sdist, as recorded pages list them in order. */
function newestOf({ name, files }: Page): string {
  const last = files.map(({ filename }) => filename).findLast((filename) => filename.endsWith(".whl"));
  const version = last?.split("-")[1];
  if (version === undefined) throw new Error(`no wheel of ${name}`);
  return version;
}

function rateOf(outcome: Outcome | undefined): string {
  if (!outcome || "problem" in outcome) return `**no figure**: ${outcome?.problem ?? "not measured"}`;
  return [`${figure(outcome.median)} (${figure(outcome.lowest)}–${figure(outcome.highest)})`, ...outcome.remarks].join(
    "; ",
  );
}

const quotientOf = (one: Outcome | undefined, other: Outcome | undefined) =>
  one && other && "median" in one && "median" in other ? figure(one.median / other.median) : "–";
