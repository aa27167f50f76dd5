/** One row on all servers: checked, warmed, then loaded in turns. */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../worker/errors.ts";
import { cpuClock } from "../harness/cpu.ts";
import { type Answer, type Headers, request } from "../harness/http.ts";
import type { Driver, Loader, Repeated } from "../harness/load.ts";

const WARM_MS = 60_000;
/** An index may answer rightly from its upstream before it has stored anything. */
const RIGHT_ANSWERS_IN_A_ROW = 3;
const SETTLE_MS = 300;

export interface Plan {
  readonly driver: Driver;
  readonly rounds: number;
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
      /** Of each turn. Turns of all servers go together. */
      readonly rates: readonly number[];
      /** Microseconds of CPU a request, of each turn; none where the server's process is not known. */
      readonly cpu: readonly number[];
      /** What a reader must know about the figure. */
      readonly remarks: readonly string[];
    }
  | { readonly problem: string };

/** The requests a second of each turn; none where there is no figure. */
export const ratesIn = (outcome: Outcome | undefined): readonly number[] =>
  outcome && "rates" in outcome ? outcome.rates : [];

/** The CPU of a request in each turn, microseconds; none where there is no figure. */
export const cpuIn = (outcome: Outcome | undefined): readonly number[] =>
  outcome && "cpu" in outcome ? outcome.cpu : [];

/**
 * Only one server is under load at any time; turns interleave them, so that a slow time of the machine hits all. Each server
 * takes each place in the order as often as the others: of two, every other pair of turns is the other way round.
 */
export async function measureRow<S extends LoadedServer>(
  row: Question<S>,
  servers: readonly S[],
  plan: Plan,
): Promise<ReadonlyMap<S["name"], Outcome>> {
  const outcomes = new Map<S["name"], Outcome>();
  /** Keeps those for which `prepare` succeeds. */
  const each = async <T extends { readonly server: S }, R>(all: readonly T[], prepare: (one: T) => Promise<R>) => {
    const prepared: R[] = [];
    for (const one of all) {
      try {
        prepared.push(await prepare(one));
      } catch (error) {
        outcomes.set(one.server.name, { problem: one.server.ending() ?? messageOf(error) });
      }
    }
    return prepared;
  };
  const all = servers.map((server) => ({ server }));
  // All are asked first: a connection would have nothing to do meanwhile.
  const runs = await each(await each(all, ({ server }) => warm(server, row)), (one) => begin(one, plan.driver));
  try {
    await inTurns(runs, plan);
  } finally {
    for (const { loader } of runs) loader.close();
  }
  for (const run of runs) outcomes.set(run.server.name, await conclude(run, row));
  return outcomes;
}

/** A server that is ready to be loaded. */
interface Warm<S extends LoadedServer> {
  readonly server: S;
  readonly asked: Repeated;
  readonly remarks: Set<string>;
}

interface Run<S extends LoadedServer> extends Warm<S> {
  readonly loader: Loader;
  /** Milliseconds of CPU that its process has taken so far. */
  readonly spent: (() => number) | undefined;
  readonly rates: number[];
  readonly cpu: number[];
  upstreamRequests: number;
  fault?: string;
}

async function warm<S extends LoadedServer>(server: S, row: Question<S>): Promise<Warm<S>> {
  const { url, answer, seconds } = await rightAnswer(server, row);
  const { headers } = row;
  const remarks = new Set<string>();
  if (headers["Accept-Encoding"] === "gzip" && !answer.headers["content-encoding"]) {
    remarks.add("not compressed");
  }
  return { server, asked: { url, headers, bodyBytes: answer.body.length, seconds }, remarks };
}

async function begin<S extends LoadedServer>(ready: Warm<S>, driver: Driver): Promise<Run<S>> {
  const { pid } = ready.server;
  const spent = pid === undefined ? undefined : cpuClock(pid);
  return { ...ready, loader: await driver.open(ready.asked), spent, rates: [], cpu: [], upstreamRequests: 0 };
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

async function inTurns<S extends LoadedServer>(runs: readonly Run<S>[], plan: Plan): Promise<void> {
  const { driver, rounds, upstreamRequests } = plan;
  for (let turn = -driver.droppedTurns; turn < rounds * driver.turnsPerRound; turn++) {
    const first = Math.abs(turn) % Math.max(1, runs.length);
    for (const run of [...runs.slice(first), ...runs.slice(0, first)]) {
      // One that was wrong once has no figure.
      if (run.fault !== undefined) continue;
      const before = upstreamRequests();
      const spentBefore = run.spent?.() ?? 0;
      const result = await run.loader.turn();
      if (driver.restMs > 0) await sleep(driver.restMs);
      if (result.fault !== undefined) run.fault = result.fault;
      if (turn < 0 || result.fault !== undefined) continue;
      run.upstreamRequests += upstreamRequests() - before;
      if (run.spent) run.cpu.push(((run.spent() - spentBefore) * 1_000) / result.requests);
      run.rates.push(result.requestsPerSecond);
    }
  }
}

/** The answer is checked once more: load may have changed it. */
async function conclude<S extends LoadedServer>(run: Run<S>, row: Question<S>): Promise<Outcome> {
  const ending = run.server.ending();
  if (ending !== undefined) return { problem: ending };
  if (run.fault !== undefined) return { problem: run.fault };
  try {
    const problem = row.problem(await request(run.asked.url, row.headers));
    if (problem !== undefined) return { problem: `${problem}, after the load` };
  } catch (error) {
    return { problem: `${messageOf(error)}, after the load` };
  }
  if (run.upstreamRequests > 0) {
    run.remarks.add(`${run.upstreamRequests} requests went upstream`);
  }
  return {
    rates: run.rates,
    cpu: run.cpu,
    remarks: [...run.remarks],
  };
}
