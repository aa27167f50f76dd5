/** One row on all servers: checked, warmed, then loaded in turns. */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../worker/errors.ts";
import { type Answer, type Headers, request } from "../harness/http.ts";
import { cpuClock } from "../harness/cpu.ts";
import { median } from "../harness/statistics.ts";
import { CONNECTIONS, load } from "../harness/wrk.ts";

const WARM_MS = 60_000;
/** An index may answer rightly from its upstream before it has stored anything. */
const RIGHT_ANSWERS_IN_A_ROW = 3;
const SETTLE_MS = 300;
/** A slow server is loaded for longer, until it has time for this many answers to each of wrk's connections. */
const ANSWERS_PER_CONNECTION = 3;
const LONGEST_S = 10;

export interface Plan {
  readonly wrk: string;
  readonly rounds: number;
  readonly seconds: number;
  /** How many requests have gone upstream so far. */
  upstreamRequests(): number;
}

export interface LoadedServer {
  readonly name: string;
  /** Its process, where the CPU of its requests is wanted. Linux only. */
  readonly pid?: number | undefined;
  /** What happened, if the server is gone. */
  ending(): string | undefined;
}

/** What is asked of each server, and what counts as the right answer. */
export interface Question<S extends LoadedServer> {
  readonly headers: Headers;
  /** Where `server` answers this; may ask the server for it. */
  locate(server: S): Promise<URL>;
  /** Why the answer is not the expected one, or undefined if it is. */
  problem(answer: Answer): string | undefined;
}

/** Requests a second of one server, or why there is no such figure. */
export type Outcome =
  | {
      readonly median: number;
      readonly lowest: number;
      readonly highest: number;
      /** Microseconds of CPU a request, of each round; none where the server's process is not known. Rounds of all servers go together. */
      readonly cpu: readonly number[];
      /** What a reader must know about the figure. */
      readonly remarks: readonly string[];
    }
  | { readonly problem: string };

/** The CPU of a request in each round, microseconds; none where there is no figure. */
export const cpuIn = (outcome: Outcome | undefined): readonly number[] =>
  outcome && "cpu" in outcome ? outcome.cpu : [];

/**
 * Only one server is under load at any time; rounds interleave them, so that a slow minute of the machine hits all. Each round
 * begins with another one.
 */
export async function measureRow<S extends LoadedServer>(
  row: Question<S>,
  servers: readonly S[],
  plan: Plan,
): Promise<ReadonlyMap<S["name"], Outcome>> {
  const outcomes = new Map<S["name"], Outcome>();
  const runs: Run<S>[] = [];
  for (const server of servers) {
    try {
      runs.push(await warm(server, row, plan));
    } catch (error) {
      outcomes.set(server.name, { problem: server.ending() ?? messageOf(error) });
    }
  }
  for (let round = 0; round < plan.rounds; round++) {
    const first = round % Math.max(1, runs.length);
    for (const run of [...runs.slice(first), ...runs.slice(0, first)]) await measureOnce(run, row, plan);
  }
  for (const run of runs) outcomes.set(run.server.name, await conclude(run, row));
  return outcomes;
}

interface Run<S extends LoadedServer> {
  readonly server: S;
  readonly url: URL;
  readonly bodyBytes: number;
  readonly seconds: number;
  readonly rates: number[];
  readonly cpu: number[];
  readonly remarks: Set<string>;
  upstreamRequests: number;
  fault?: string;
}

async function warm<S extends LoadedServer>(server: S, row: Question<S>, plan: Plan): Promise<Run<S>> {
  const { url, answer, seconds: took } = await rightAnswer(server, row);
  const remarks = new Set<string>();
  if (row.headers["Accept-Encoding"] === "gzip" && !answer.headers["content-encoding"]) {
    remarks.add("not compressed");
  }
  const bodyBytes = answer.body.length;
  await load(plan.wrk, url, row.headers, 1, bodyBytes);
  const slow = Math.ceil(took * CONNECTIONS * ANSWERS_PER_CONNECTION);
  const seconds = Math.max(plan.seconds, Math.min(slow, LONGEST_S));
  return { server, url, bodyBytes, seconds, rates: [], cpu: [], remarks, upstreamRequests: 0 };
}

interface TimedAnswer {
  readonly url: URL;
  readonly answer: Answer;
  readonly seconds: number;
}

/** Asks until the server has been right several times running; throws what was wrong last if it never is. */
async function rightAnswer<S extends LoadedServer>(server: S, row: Question<S>): Promise<TimedAnswer> {
  const deadline = performance.now() + WARM_MS;
  let right = 0;
  let problem: string | undefined;
  while (performance.now() < deadline && server.ending() === undefined) {
    try {
      const url = await row.locate(server);
      const asked = performance.now();
      const answer = await request(url, row.headers);
      const seconds = (performance.now() - asked) / 1000;
      problem = row.problem(answer);
      right = problem === undefined ? right + 1 : 0;
      if (right >= RIGHT_ANSWERS_IN_A_ROW) return { url, answer, seconds };
    } catch (error) {
      right = 0;
      problem = messageOf(error);
    }
    await sleep(SETTLE_MS);
  }
  throw new Error(`not warm after ${WARM_MS / 1000} s: ${problem}`);
}

async function measureOnce<S extends LoadedServer>(run: Run<S>, row: Question<S>, plan: Plan): Promise<void> {
  const before = plan.upstreamRequests();
  const spent = run.server.pid === undefined ? undefined : cpuClock(run.server.pid);
  const spentBefore = spent?.() ?? 0;
  const result = await load(plan.wrk, run.url, row.headers, run.seconds, run.bodyBytes);
  await sleep(SETTLE_MS);
  run.upstreamRequests += plan.upstreamRequests() - before;
  if (spent) run.cpu.push(((spent() - spentBefore) * 1_000) / result.requests);
  run.rates.push(result.requestsPerSecond);
  if (result.fault !== undefined) run.fault = result.fault;
}

/** The answer is checked once more: load may have changed it. */
async function conclude<S extends LoadedServer>(run: Run<S>, row: Question<S>): Promise<Outcome> {
  const ending = run.server.ending();
  if (ending !== undefined) return { problem: ending };
  if (run.fault !== undefined) return { problem: run.fault };
  try {
    const problem = row.problem(await request(run.url, row.headers));
    if (problem !== undefined) return { problem: `${problem}, after the load` };
  } catch (error) {
    return { problem: `${messageOf(error)}, after the load` };
  }
  if (run.upstreamRequests > 0) {
    run.remarks.add(`${run.upstreamRequests} requests went upstream`);
  }
  return {
    median: median(run.rates),
    lowest: Math.min(...run.rates),
    highest: Math.max(...run.rates),
    cpu: run.cpu,
    remarks: [...run.remarks],
  };
}
