import { dollarsOf } from "../../cli/mirror/lines.ts";
import { PRICES, PRICES_READ } from "../../schema/prices.ts";
import { MAX_CALLS, CALLS_A_REQUEST } from "../../worker/mirroring/call-budget.ts";
import { tableOf } from "./markdown.ts";

const [MILLION, GB, TB, DAY] = [1e6, 1e9, 1e12, 86_400];

/** What is taken of PyPI; `npx pypi-edge mirror plan --all` measures the same for the upstream of the day. */
const PYPI = {
  projects: 886_000,
  filesEach: 20,
  /** The share of files with `.metadata`: wheels. */
  wheels: 0.6,
  bytes: 31.4 * TB,
  bytesAYear: 4.4 * TB,
  pageBytes: 3_000,
};

/** Requests of the upstream a second. */
const PACES = [5, 10, 50];

/** Of the database, as test/bench/mirror.ts measures them. */
const [PROJECT_BYTES, OBJECT_BYTES, D1_BYTES] = [148, 526, 10 * GB];

/** Operations of one queue message. */
const A_MESSAGE = 3;

const n = (value: number) => Math.round(value).toLocaleString("en-US");
const millions = (value: number) => `${(value / MILLION).toFixed(1)} million`;
const dollars = (value: number) => `$${value.toFixed(value < 10 ? 2 : 0)}`;
const priceOf = (line: "kvReads" | "kvWrites" | "kvStorage" | "r2ClassA" | "r2ClassB" | "r2Storage") =>
  PRICES[line].dollars / PRICES[line].per;

/** docs/scale.md: the arithmetic of a mirror of all of PyPI, from the price list and from what the bench measures. */
export function scalePage(): string {
  const { projects, bytes } = PYPI;
  const files = projects * PYPI.filesEach;
  const metadata = files * PYPI.wheels;
  const objects = files + metadata;
  const requests = projects + objects;
  const database = projects * PROJECT_BYTES + objects * OBJECT_BYTES;
  const room = (D1_BYTES - projects * PROJECT_BYTES) / OBJECT_BYTES;
  const messages = requests / Math.floor(MAX_CALLS / CALLS_A_REQUEST);
  const plan = { files, metadata, projects, bytes, stored: 0 };
  const { once, monthly } = dollarsOf(plan);
  const filesADay = PYPI.bytesAYear / 365 / (bytes / files);
  const pages = MILLION;
  const pageGB = (pages * PYPI.pageBytes) / GB;
  const store = (write: number, read: number, storage: number) => [
    dollars(pages * write),
    dollars(MILLION * read),
    dollars(pageGB * storage),
  ];
  return `# All of PyPI

<!-- Made by npm run docs from schema/prices.ts and what test/bench/mirror.ts measures. -->

What a [mirror](mirror.md) of all of PyPI costs, by arithmetic: one of that size has not been run. \`npx pypi-edge mirror plan --all\` says the same of the day and of your filters, from 300 projects that it chooses at random.

## What there is

${tableOf(
  ["what", "figure", "source"],
  [
    [
      "projects",
      n(projects),
      "as many names as the planner was run with ([mirror](mirror.md#all-of-an-upstream)); 736,344 had a version early in 2026 ([piwheels](https://blog.piwheels.org/2026))",
    ],
    [
      "bytes",
      `${(bytes / TB).toFixed(1)} TB`,
      "18.2 TB on 2023-12-05 ([bandersnatch#1622](https://github.com/pypa/bandersnatch/issues/1622), from pypi.org/stats), and as much more a year as between 10.8 TB on 2022-04-03 ([#1105](https://github.com/pypa/bandersnatch/issues/1105)) and then: 4.4 TB",
    ],
    ["files", millions(files), "**an assumption**: 20 a project; no published figure was at hand on 2026-11-29"],
    ["`.metadata`", millions(metadata), "**an assumption**: of six files in ten"],
    ["new files a day", n(filesADay), "what is added in bytes, by files of the average size"],
    ["a page, gzipped", `${n(PYPI.pageBytes)} bytes`, "**an assumption**"],
  ],
)}

Everything below is proportional to these.

## The first fill

${tableOf(
  ["what", "figure"],
  [
    ["requests of the upstream", `${millions(requests)}: one a page, a file, a \`.metadata\``],
    ...PACES.map((pace) => [
      `at ${pace} a second`,
      `${n(requests / pace / 3_600)} hours (${n(requests / pace / DAY)} days), ${(((bytes / requests) * pace) / MILLION).toFixed(0)} MB/s`,
    ]),
    [
      "queue",
      `${n(messages)} messages of ${n(MAX_CALLS / CALLS_A_REQUEST)} requests at most: ${n(messages * A_MESSAGE)} operations, of ${millions(PRICES.queueOperations.included)} included; at a pace below two a second more, of ten minutes each`,
    ],
    [
      "D1",
      `${(database / GB).toFixed(1)} GB, and it has 10: **full after ${millions(room)} files and \`.metadata\`**, ${n((room / objects) * 100)}% of all`,
    ],
    ["Cloudflare, once", `${dollars(once)}: R2's writes, D1's rows, KV's writes`],
    ["Cloudflare, a month", `${dollars(monthly)} for ${(bytes / TB).toFixed(1)} TB in R2`],
  ],
)}

So all of PyPI does not fit into one deployment on Cloudflare: name what you need, or filter (\`latest = 3\`, \`types = ["wheel"]\`, \`pythons\`, \`platforms\`). On a machine of your own the database is a file of ${(database / GB).toFixed(0)} GB, and the disk is the
limit. 10 requests a second is the default; where that is too much for an upstream, its 429 and \`Retry-After\` are obeyed.

## Each day

With the change log (\`FEED\`), some ${n(filesADay)} files, ${n(filesADay * PYPI.wheels)} \`.metadata\` and their pages are fetched: less than one request a second. Without it, ${n(projects)} conditional requests, ${(projects / DAY).toFixed(1)} a second.

## Pages: KV or R2

A million pages, by the price list of ${PRICES_READ}:

${tableOf(
  ["store", "written once", "a million reads", "stored, a month"],
  [
    ["KV", ...store(priceOf("kvWrites"), priceOf("kvReads"), priceOf("kvStorage"))],
    ["R2", ...store(priceOf("r2ClassA"), priceOf("r2ClassB"), priceOf("r2Storage"))],
  ],
)}

**They stay in KV.** R2 would save ${dollars(pages * (priceOf("kvWrites") - priceOf("r2ClassA")))} once, ${dollars(pageGB * (priceOf("kvStorage") - priceOf("r2Storage")))} a month, and ${dollars(100 * MILLION * (priceOf("kvReads") - priceOf("r2ClassB")))} with a hundred million reads; KV's reads are answered in the reader's data centre once a page was read there,
and R2's from where the bucket is. A page above 25 MiB gzipped is in R2.
`;
}
