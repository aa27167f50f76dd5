/**
 * How much CPU a page costs the runtime: first asked for, first asked for as HTML, and warm; with the local KV's share apart.
 *
 *     node test/bench/pages.ts [--pages six,django,numpy,grpcio] [--copies 10] [--rounds 5] [--requests 20]
 *
 * Needs Linux (/proc) and the fixtures (FIXTURES, by default test/fixtures). Each page has a pypi-edge of its own, and
 * `copies` names there: what happens once a name is measured so often.
 */
import { loadavg } from "node:os";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fixturePages } from "./content/pages.ts";
import { scratchDirectory } from "./harness/cleanup.ts";
import { withProduct } from "./harness/product.ts";
import { giveUp, neededDirectory, wholeNumber } from "./harness/tools.ts";
import { startUpstream } from "./harness/upstream.ts";
import { type Plan, pageCosts } from "./pages/cases.ts";
import { type Result, costTable, targetTable } from "./pages/report.ts";
import { simulatorCosts } from "./pages/simulator-cases.ts";

/** Where PyPI's pages have their files; none is fetched. */
const FILES = "https://files.pythonhosted.org";

const { values: options } = parseArgs({
  options: {
    pages: { type: "string", default: "six,django,numpy,grpcio" },
    copies: { type: "string", default: "10" },
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "20" },
  },
});
const plan: Plan = {
  copies: wholeNumber("--copies", options.copies, 100),
  rounds: wholeNumber("--rounds", options.rounds, 50),
  requests: wholeNumber("--requests", options.requests, 1_000),
};
const recorded = fixturePages(join(neededDirectory("FIXTURES", "test/fixtures"), "pages"), FILES);
const pages = options.pages.split(",").map((name) => {
  return recorded.find((page) => page.name.toLowerCase() === name) ?? giveUp(`--pages: no ${name} is recorded`);
});

const [loadBefore = 0] = loadavg();
const scratch = scratchDirectory();
const upstream = await startUpstream(new URL("pages/upstream-thread.ts", import.meta.url), pages);
const results: Result[] = [];
for (const page of pages) {
  process.stderr.write(`measuring: ${page.name}\n`);
  const state = stateOf(page.name);
  const costs = await withProduct(upstream.simple, state, (product) => pageCosts(page, product, plan));
  results.push({ page, costs, simulator: await simulatorCosts(costs.sizes, stateOf(`${page.name}-simulator`), plan) });
}
await upstream.stop();

process.stdout.write(
  `${costTable(results)}\n\n${targetTable(results)}\n\n` +
    `User and system time of the server, less what it takes when idle: median (lowest–highest) of ${plan.copies} names for the ` +
    `first two lines, of ${plan.rounds} rounds of ${plan.requests} requests in sequence for the others, gzip asked for where ` +
    `nothing else is said; load average before: ${loadBefore.toFixed(1)}.\n`,
);

function stateOf(name: string): string {
  const state = join(scratch, name);
  mkdirSync(state);
  return state;
}
