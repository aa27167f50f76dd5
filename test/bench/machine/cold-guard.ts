/** What a page that is not stored costs an index with a policy, beside one without: CPU, since other work on the machine takes none of it. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "../content/pages.ts";
import { cpuMeter } from "../harness/cpu.ts";
import { request } from "../harness/http.ts";
import { type Product, startProduct } from "../harness/product.ts";
import { figure, medianDifference, pairedDifference, spread, table } from "../harness/statistics.ts";
import { guardConfiguration } from "./guard.ts";

const WAYS = { open: "/regular/simple/", guarded: "/guarded/simple/" } as const;
type Way = keyof typeof WAYS;
type Samples = Record<Way, number[]>;

/** A server in use has compiled what these go through, and what it compiles is in no figure. */
const DROPPED_PAIRS = 4;
const PAIRS_PER_ROUND = 8;

/** What is asked for. */
interface ColdContent {
  readonly page: Page;
  /** As many as `copyNames` gives: projects that the upstream has the same page of, each under its own name. */
  readonly copies: readonly string[];
  /** A page that is asked for before, so that what a server loads at its first request is in no figure. */
  readonly warmUp: Page;
}

interface ColdPlan {
  /** A directory for what the servers store. */
  readonly scratch: string;
  readonly rounds: number;
}

/** Names of projects that do not exist, one for each page that a server in use is asked for. */
export const copyNames = ({ name }: Page, rounds: number): string[] =>
  Array.from({ length: 2 * (DROPPED_PAIRS + PAIRS_PER_ROUND * rounds) }, (_, at) => `${name}${at}`);

/**
 * Asks for pages that nothing is stored of, by both indexes in turns: of a server that was just started over an empty state, once a
 * round, where most of the CPU is code that V8 has not compiled; and of one server that has had such pages before, a page of another
 * project each time.
 */
export async function coldGuardTable(upstream: URL, content: ColdContent, plan: ColdPlan): Promise<string> {
  const { page, copies, warmUp } = content;
  const config = guardConfiguration(plan.scratch, [warmUp, page, ...copies.map((name) => ({ ...page, name }))]);
  const start = () => {
    const state = join(mkdtempSync(join(plan.scratch, "cold-")), "stored");
    return startProduct(upstream, state, "node", undefined, ["--config", config]);
  };
  const title = `a page of ${figure(page.files.length)} files, cold`;
  return table(
    ["CPU, ms", "pairs", "without a policy", "with one", "with − without", "median of the differences"],
    [
      line(`${title}, a process that has just begun`, await byNewProcesses(start, content, plan.rounds)),
      line(`${title}, in use`, await byOneInUse(start, copies, plan.rounds)),
    ],
  );
}

const line = (title: string, { open, guarded }: Samples) => [
  title,
  `${open.length}`,
  spread(open),
  spread(guarded),
  pairedDifference(guarded, open),
  medianDifference(guarded, open),
];

async function byNewProcesses(
  start: () => Promise<Product>,
  { page, warmUp }: ColdContent,
  rounds: number,
): Promise<Samples> {
  const samples: Samples = { open: [], guarded: [] };
  for (let round = 0; round < rounds; round += 1) {
    for (const way of orderOf(round)) {
      const product = await start();
      try {
        await ask(product, way, warmUp.name);
        const meter = await cpuMeter(product.pid);
        samples[way].push(await meter.during(() => ask(product, way, page.name)));
      } finally {
        await product.stop();
      }
    }
  }
  return samples;
}

async function byOneInUse(start: () => Promise<Product>, copies: readonly string[], rounds: number): Promise<Samples> {
  const samples: Samples = { open: [], guarded: [] };
  const left = copies.values();
  const product = await start();
  const askNext = (way: Way) => ask(product, way, left.next().value ?? "no copy is left");
  try {
    for (let pair = 0; pair < DROPPED_PAIRS; pair += 1) for (const way of orderOf(pair)) await askNext(way);
    const meter = await cpuMeter(product.pid);
    for (let pair = 0; pair < PAIRS_PER_ROUND * rounds; pair += 1) {
      for (const way of orderOf(pair)) samples[way].push(await meter.during(() => askNext(way)));
    }
  } finally {
    await product.stop();
  }
  return samples;
}

/** Each way is first as often as the other. */
function orderOf(pair: number): readonly Way[] {
  const order = ["open", "guarded"] as const;
  return pair % 2 === 0 ? order : order.toReversed();
}

async function ask({ simple }: Product, way: Way, project: string): Promise<void> {
  const url = new URL(`${WAYS[way]}${project}/`, simple);
  const { status } = await request(url, {
    Accept: "application/vnd.pypi.simple.v1+json",
    "Accept-Encoding": "gzip",
  });
  if (status !== 200) throw new Error(`${url.href} was answered with ${status}`);
}
