/**
 * Requests a second, and the CPU of one, of an index with a policy beside those of one without, over the same upstream in the same
 * server. Both have a name, of one length.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Wheel } from "../../../cli/demo/wheel.ts";
import { type Outcome, type Plan, type Question, cpuIn, measureRow, ratesIn } from "../compare/measure.ts";
import type { Page } from "../content/pages.ts";
import { decoded } from "../harness/http.ts";
import { startProduct } from "../harness/product.ts";
import { figure, pairedQuotient, spread, table } from "../harness/statistics.ts";
import { locateFile } from "../stream/download.ts";
import type { Attested } from "./content.ts";
import { rateOf } from "./report.ts";
import { filesOn } from "./warm.ts";

type Way = "open" | "guarded";

interface Asked {
  readonly name: Way;
  /** The root of the server's addresses. */
  readonly origin: URL;
  readonly pid: number;
  ending(): string | undefined;
}

/** What is asked of all. */
export interface GuardContent {
  /** Pages of which the newest release is refused. */
  readonly pages: readonly Page[];
  readonly file: Wheel;
  readonly attested: Attested;
}

const JSON_PAGE = { Accept: "application/vnd.pypi.simple.v1+json" };

/**
 * Writes a configuration with an index `guarded`, which refuses the newest release of each page, and `require`, which requires
 * provenance, beside `regular`, which has no policy.
 */
export function guardConfiguration(folder: string, pages: readonly Page[]): string {
  const denied = pages.map((page) => `"${page.name}==${newestOf(page)}"`);
  const file = join(folder, "guard.toml");
  writeFileSync(
    file,
    `[vars.INDEXES.default]
sources = ["pypi"]
[vars.INDEXES.regular]
sources = ["pypi"]
[vars.INDEXES.guarded]
sources = ["pypi"]
[vars.INDEXES.guarded.policy]
min_age = "3d"
deny = [${denied.join(", ")}]
[vars.INDEXES.require]
sources = ["pypi"]
[vars.INDEXES.require.policy]
provenance = "require"
`,
  );
  return file;
}

/**
 * @param scratch a directory for what the server stores
 * @param plans how a page is measured that is answered quickly, and one that is not
 */
export async function guardTable(
  upstream: URL,
  scratch: string,
  { pages, file, attested }: GuardContent,
  plans: { readonly quick: Plan; readonly slow: Plan },
): Promise<string> {
  const state = mkdtempSync(join(scratch, "guard-"));
  const config = guardConfiguration(state, pages);
  const product = await startProduct(upstream, join(state, "stored"), "node", undefined, ["--config", config]);
  try {
    const { pid } = product;
    const origin = new URL("/", product.simple);
    const ending = () => product.ending();
    // The file is verified for the one that requires it, and from then on both pages link to what was verified.
    const asked = (["guarded", "open"] as const).map((name): Asked => ({ name, origin, pid, ending }));
    const rows = [
      ...pages.flatMap((page) => [pageRow(page, "identity"), pageRow(page, "gzip")]),
      attestedRow(attested),
      fileRow(file),
    ];
    const results = [];
    for (const row of rows) {
      const plan = row.isQuick ? plans.quick : plans.slow;
      results.push({ title: row.title, outcomes: await measureRow(row, asked, plan) });
    }
    return `${rateTable(results)}\n\n${cpuTable(results)}`;
  } finally {
    await product.stop();
  }
}

type Results = readonly { readonly title: string; readonly outcomes: ReadonlyMap<Way, Outcome> }[];

const rateTable = (results: Results) =>
  table(
    ["requests a second, warm", "pairs", "without a policy", "with one", "with ÷ without"],
    results.map(({ title, outcomes }) => {
      const [open, guarded] = [ratesIn(outcomes.get("open")), ratesIn(outcomes.get("guarded"))];
      const cells = [rateOf(outcomes.get("open")), rateOf(outcomes.get("guarded"))];
      return [title, `${Math.min(open.length, guarded.length)}`, ...cells, pairedQuotient(guarded, open)];
    }),
  );

const cpuTable = (results: Results) =>
  table(
    ["CPU of a request, µs", "without a policy", "with one", "without ÷ with"],
    results.map(({ title, outcomes }) => {
      const [open, guarded] = [cpuIn(outcomes.get("open")), cpuIn(outcomes.get("guarded"))];
      return [title, spread(open), spread(guarded), pairedQuotient(open, guarded)];
    }),
  );

type Row = Question<Asked> & { readonly title: string; readonly isQuick: boolean };

/** @param policy the index that has one */
function simpleOf({ name, origin }: Asked, policy: "guarded" | "require" = "guarded"): URL {
  return new URL(`${name === "open" ? "regular" : policy}/simple/`, origin);
}

function pageRow({ name, files }: Page, coding: "identity" | "gzip"): Row {
  // The indexes list different numbers: the guarded one lists most of them.
  const wrong = (found: number) => (found <= files.length && found > files.length * 0.6 ? undefined : `${found} files`);
  return {
    title: `a page of ${figure(files.length)} files, JSON${coding === "gzip" ? ", gzip asked for" : ""}`,
    isQuick: files.length < 1_000,
    headers: { ...JSON_PAGE, "Accept-Encoding": coding },
    locate: async (asked) => new URL(`${name}/`, simpleOf(asked)),
    problem: (answer) => (answer.status === 200 ? wrong(filesOn(answer)) : `status ${answer.status}`),
  };
}

/** Its page is refused until its file is verified, for which it is asked until then. */
function attestedRow({ project }: Attested): Row {
  return {
    title: "a page of a file whose provenance is required",
    isQuick: true,
    headers: { ...JSON_PAGE, "Accept-Encoding": "identity" },
    locate: async (asked) => new URL(`${project}/`, simpleOf(asked, "require")),
    problem: (answer) => {
      if (answer.status !== 200) return `status ${answer.status}`;
      return decoded(answer).includes('"provenance":"') ? undefined : "a page without provenance";
    },
  };
}

function fileRow({ project, bytes }: Wheel): Row {
  return {
    title: `a file of ${figure(Math.round(bytes.byteLength / 1000))} KB`,
    isQuick: true,
    headers: { Accept: "*/*", "Accept-Encoding": "identity" },
    locate: (asked) => locateFile(simpleOf(asked), project),
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
