import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { billOf } from "../../cli/cost/bill.ts";
import { SCENARIOS } from "../../cli/cost/read-scenario.ts";
import { amountText, freeTable, linesTable } from "../../cli/cost/report.ts";
import { CPU_MEASURED, CPU_MS, OPERATIONS, type PricedKind, type Operations } from "../../schema/operations.ts";
import { FREE_PLAN_VARS } from "../../schema/plans.ts";
import { FREE_CPU_MS, PRICES, PRICES_READ } from "../../schema/prices.ts";
import { scenario, type Scenario } from "../../schema/scenario.ts";
import { tableOf } from "./markdown.ts";

/** What each scenario is to cost at most. Dollars a month. */
const TARGETS: Readonly<Record<(typeof SCENARIOS)[number], number>> = {
  "small-team": 5.5,
  "team-of-50": 6.5,
  runners: 60,
  public: 350,
  strangers: 65,
};

const read = (name: string): Scenario =>
  scenario.parse(parse(readFileSync(join(import.meta.dirname, "../../schema/scenarios", `${name}.toml`), "utf8")));

/** docs/cost.md: what the shipped scenarios cost, what each request costs, and what changes that. */
export function costPage(): string {
  return `# What it costs on Cloudflare

<!-- Made by npm run docs from schema/prices.ts, schema/operations.ts and schema/scenarios. -->

\`\`\`console
$ npx pypi-edge cost team-of-50
$ npx pypi-edge cost ours.toml     # a copy of a file in schema/scenarios, with your own numbers
\`\`\`

The command multiplies three things: the operations that one request of each kind costs, which a test counts; how often each kind happens, by the
scenario; and Cloudflare's price list of ${PRICES_READ}. A month has 30 days.

${tableOf(["scenario", "requests a month", "$ a month", "target, $", "free plan: what falls first"], SCENARIOS.map(summary))}

${SCENARIOS.map(chapter).join("\n\n")}

## What the free plan can do

\`plan = "free"\` in \`pypi-edge.toml\` sets ${tableless(FREE_PLAN_VARS)}: nothing is fetched that no client has asked for, and uploads find room in R2's 10 GB. With it, 300 installs a
day (\`small-team\`) stay below each limit of a day and of a month. **The limit that falls first is the one of a single request: ${FREE_CPU_MS} ms of CPU.** So the free plan serves what is stored, and cannot be
relied on for what is not: Cloudflare may end a request above the limit; a file then arrives broken and is not stored, and a client that tries again meets the same. Of the 50 queries that one run may send to the
database there, each of these sends fewer (a test counts them: 20 at most).

${tableOf(["one of", "CPU, ms", "free", "paid"], freeRows())}

A page or a file of more bytes takes more: these are pages of 100 files and files of 1 MB. So a team on the free plan is served where its pages and files are small or were stored while it had the paid plan, and
that is no way to run builds: use Workers Paid, or [a machine of your own](self-host.md). Also on the free plan: warming a lock asks for more than the 50 requests upstream that one run may send, and an
account has 5 crons, of which a deployment takes 3.

## Assumptions

- **An answer of Cloudflare's cache in front of the worker is billed as a request, and takes no CPU** ([Workers Cache](${PRICES.requests.source})). So a high
  share of answers at the edge saves operations and CPU, never requests: 1,000 million requests cost $297 whatever answers them.
- An answer to a request with a token is private, so the edge answers none of an index that needs one.
- Projects are asked for by Zipf's law. It gives how often a page is in an isolate's memory (5 s), and how many rows an isolate gathers in 5 minutes.
- The public scenario takes it that 63 % of pages are answered at the edge: what a lifetime of 60 s gives in one cache for all. Clients that send other \`Accept\`
  headers have copies of their own there, and where Cloudflare's upper tier is several caches, the share is lower. The numbers of isolates and data centres are guesses: nothing documents them.
- A copy of a page in a data centre's cache is used for almost six hours, while D1 says every half minute that the page has not changed ([platform](decisions/platform.md)). Data centres are taken to share the requests
  evenly, which is the worst case, and to evict nothing. The public scenario costs ${inDataCentres(1)} with one, ${inDataCentres(10)} with 10, ${inDataCentres(20)} with 20, ${inDataCentres(50)} with 50, and ${inDataCentres(300)} with all 300.
- Each cron tick and each message counts as a request, as Cloudflare's own example counts cron triggers.
- An answer of the edge writes no log. A logged request has 2,000 bytes. From 2026-12-01 logs are paid by the gigabyte, which is what is calculated here.
- CPU was measured on ${CPU_MEASURED} in workerd over simulated stores (\`node test/bench/cost.ts\`), with pages of 100 files and files of 1 MB: the simulators' share is
  in it, so the figures are upper bounds. On 2026-11-30 the code of that day and of today took turns, twice: 12 and 15 ms against 14 and 11 for a page that is not stored, 32 and 33 against 36 and 33 for
  such a file, so that what differs from day to day is the machine.
- \`strangers\` is what \`NEW_A_DAY\` bounds. Requests above it are 429 and store nothing, but each is a request of the worker: $0.30 a million, whoever sends them. Rules of Cloudflare's in front of the
  worker (WAF, rate limiting) keep those away that one network sends.
- Not in it: a domain, and what other workers of the account use of the plan.

## What changes it

${tableOf(["what", "scenario", "$ before", "$ after"], effects())}

- **Logs.** \`head_sampling_rate\` in \`wrangler.toml\` is 1: up to 25 million requests a month that run the worker, nothing is paid for them. With more, \`invocation_logs = false\` leaves the worker's own
  lines, which are problems only; \`head_sampling_rate = 0.1\` also drops nine of ten problems.
- **Rows written.** The use of a file is recorded once an hour by all isolates together, where each isolate did; and of what a busy isolate is asked for, one of 16 requests is
  counted, as 16. The test counts what is left.
- **KV reads** are the line of a public index that costs most beside requests. Copies of pages in the data centre's cache counted for 5 s, and answer for hours. A lifetime of 5 minutes at the edge instead of 60 s would answer 77 % of the pages there. It is not set: where a
  purge fails, a new release would be seen that much later.
- **\`cross_version_cache\`** would keep the edge's answers over a deployment. It is not set: what a deployment empties is read once more from R2 and KV, a few cents, and an
  answer that a new version corrects would go on being served, a file's for a year.
- **Where stores are** changes how long answers take, not what they cost: [deploy](deploy.md).

### Why the public scenario does not cost less

Requests are $297 of it, and KV reads ${dollarText(kvDollars(ofPublic()))}: without any KV read it would cost ${withoutKvReads()}. Ways to fewer requests that are billed, and
why they are not taken:

- **Another cache in front.** A Worker on a route runs before the zone's cache is looked into ([Cache and Workers](https://developers.cloudflare.com/cache/interaction-cloudflare-products/workers/)), and
  the cache that a Worker can have in front of it bills what it answers. Nothing in Cloudflare's documentation stands before both.
- **Stored files straight from the bucket**, by a custom domain of R2's ([public buckets](https://developers.cloudflare.com/r2/buckets/public-buckets/)). Files and \`.metadata\` are ${fileRequests()} of the
  requests, ${fileDollars()} of the dollars. But all that is in a public bucket is public, the hosted files of private indexes too; and before files in a bucket of their own there would be no policy, no quarantine and no
  count, a page would have to say which of its files are stored, and lock files would name addresses that are empty once the sweep has been there.
- **Static assets** of a Worker are served free of charge ([billing](https://developers.cloudflare.com/workers/static-assets/billing-and-limitations/)), at most 100,000 files that only a deployment changes. Pages change each minute, and
  a file that is withdrawn or found to be malware must be gone within one.

And to fewer KV reads:

- **Pages for 5 minutes at the edge**, in the table above, and pages in R2, where a read costs $${PRICES.r2ClassB.dollars} in place of $${PRICES.kvReads.dollars}, would together come to ${bothDollars()}: that much for pages that are up to
  five minutes late where a purge fails, and for a slower store behind every page that no cache has.

On [a machine of your own](self-host.md) requests cost nothing, and one process answers 1,000 million of them a month at 390 a second.

## Operations of each kind

Counted by \`test/http/priced-operations.test.ts\`, with the rows that D1 itself says it has read and written. "team" is an index that hosts, with a
token; "gathered" is what an isolate writes every 5 minutes, a row each.

${operationsTable()}

## Prices

${tableOf(["line", "unit", "included a month", "$", "free plan", "source"], Object.values(PRICES).map(priceRow))}

Workers Paid is $5 a month. R2's operations and storage have the same allowance on both plans.
`;
}

function summary(name: (typeof SCENARIOS)[number]): string[] {
  const bill = billOf(read(name));
  const [first] = bill.free;
  const falls = first
    ? `${first.name}: ${Math.round((100 * first.used) / first.limit).toLocaleString("en")} % of ${amountText(first.limit)} ${first.each === "account" ? "at once" : `a ${first.each}`}`
    : "";
  const { total } = bill;
  return [
    `[\`${name}\`](../schema/scenarios/${name}.toml)`,
    amountText(bill.requests),
    total.toFixed(2),
    `${TARGETS[name]}${total > TARGETS[name] ? ", missed" : ""}`,
    falls,
  ];
}

function chapter(name: (typeof SCENARIOS)[number]): string {
  const own = read(name);
  const bill = billOf(own);
  const [lines, free] = [linesTable(bill), freeTable(bill)];
  return `## ${own.title}

\`pypi-edge cost ${name}\`. At the edge: ${percent(own.edge.pages)} of pages, ${percent(own.edge.files)} of files and \`.metadata\` (${own.edge.source}).

${tableOf(lines.header, lines.rows)}

On the free plan, what is used up first at the top:

${tableOf(free.header, free.rows.slice(0, 5))}`;
}

const tableless = (values: Readonly<Record<string, unknown>>) =>
  Object.entries(values)
    .map(([key, value]) => `\`${key} = ${String(value)}\``)
    .join(", ");

/** What a request, cron or message takes of the CPU that the free plan gives it. */
const freeRows = () =>
  Object.entries(CPU_MS).map(([kind, ms]) => [kind, `${ms}`, ms < FREE_CPU_MS ? "yes" : "not reliably", "yes"]);

const percent = (share: number) => `${Math.round(share * 100)} %`;

/** What a change of one value does to a scenario. */
function effects(): string[][] {
  const cost = (given: Scenario) => billOf(given).total.toFixed(2);
  const [runners, open] = [read("runners"), read("public")];
  const sampled = (given: Scenario, sampling: number): Scenario => ({ ...given, logs: { ...given.logs, sampling } });
  return [
    ["`head_sampling_rate = 0.1`", "runners", cost(runners), cost(sampled(runners, 0.1))],
    ["the same", "public", cost(sampled(open, 1)), cost(open)],
    ["fewer rows for uses and popularity (done)", "runners", "20.72 for D1 rows written", "0"],
    ["the same (done)", "public", "238 for D1 rows written", "9.08"],
    ["copies of pages for hours, not for 5 s (done)", "public", "62.40 for KV reads", kvDollars(open).toFixed(2)],
    ["pages for 5 minutes at the edge (not done)", "public", cost(open), cost(longer(open))],
  ];
}

/** The public scenario's bill without a line, and with the edge keeping pages longer. */
const ofPublic = () => read("public");
const dollarText = (dollars: number) => `$${Math.round(dollars)}`;
const kvDollars = (given: Scenario) => billOf(given).lines.find(({ line }) => line === "kvReads")?.dollars ?? 0;
const withoutKvReads = () => dollarText(billOf(ofPublic()).total - kvDollars(ofPublic()));

/** The public scenario in so many data centres. */
const inDataCentres = (dataCentres: number) => dollarText(billOf({ ...ofPublic(), dataCentres }).total);

/** The requests for files and \`.metadata\`. */
function fileShare(): number {
  const { pages, metadata, files } = ofPublic().install;
  return (metadata + files) / (pages + metadata + files);
}
const fileRequests = () => percent(fileShare());
const fileDollars = () =>
  dollarText((fileShare() * billOf(ofPublic()).requests * PRICES.requests.dollars) / PRICES.requests.per);

const LONGER_AT_THE_EDGE = 0.77;
const longer = (given: Scenario): Scenario => ({ ...given, edge: { ...given.edge, pages: LONGER_AT_THE_EDGE } });

/** Pages longer at the edge, and what is read of KV read of R2, whose allowance files use up. */
function bothDollars(): string {
  const given = longer(ofPublic());
  const reads = billOf(given).lines.find(({ line }) => line === "kvReads")?.used ?? 0;
  return dollarText(billOf(given).total - kvDollars(given) + (reads / PRICES.r2ClassB.per) * PRICES.r2ClassB.dollars);
}

const UNITS: Readonly<Record<keyof Operations, string>> = {
  kvReads: "KV reads",
  kvWrites: "KV writes",
  r2ClassA: "R2 A",
  r2ClassB: "R2 B",
  rowsRead: "rows read",
  rowsWritten: "rows written",
  messages: "messages",
  cacheCalls: "cache calls",
  upstreamRequests: "upstream",
};

function operationsTable(): string {
  const units = Object.keys(UNITS) as (keyof Operations)[];
  const rows = (Object.keys(OPERATIONS) as PricedKind[]).map((kind) => {
    const costs: Operations = OPERATIONS[kind];
    return [kind, ...units.map((unit) => `${costs[unit] ?? ""}`), `${CPU_MS[kind] ?? ""}`];
  });
  return tableOf(
    ["kind", ...units.map((unit) => UNITS[unit]), "CPU, ms"],
    [["an answer of the edge", ...units.map(() => ""), ""], ...rows],
  );
}

function priceRow({
  name,
  unit,
  included,
  dollars,
  per,
  source,
  ...rest
}: (typeof PRICES)[keyof typeof PRICES]): string[] {
  const free =
    "free" in rest
      ? `${amountText(rest.free.limit)} ${rest.free.each === "account" ? "at once" : `a ${rest.free.each}`}`
      : "";
  return [name, unit, amountText(included), `${dollars} for ${amountText(per)}`, free, source];
}
