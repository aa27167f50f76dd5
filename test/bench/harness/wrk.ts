/** Load by wrk, and what it says about it. */
import { join } from "node:path";
import { CONNECTIONS, type Driver, type Repeated, TIMEOUT_S, type Turn } from "./load.ts";
import { run } from "./processes.ts";

const SCRIPT = join(import.meta.dirname, "wrk-report.lua");
const THREADS = 2;
const WARM_UP_S = 1;
const REST_MS = 300;
/** A slow server is loaded for longer, until it has time for this many answers to each connection. */
const ANSWERS_PER_CONNECTION = 3;
const LONGEST_S = 10;

/** As written by wrk-report.lua; `connect` to `timeout` count errors. */
interface Report {
  readonly requests: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly connect: number;
  readonly read: number;
  readonly write: number;
  readonly status: number;
  readonly timeout: number;
}

/**
 * One turn a round.
 *
 * @param wrk the program
 * @param seconds how long a turn is, where the server is not slow
 */
export const wrkDriver = (wrk: string, seconds: number): Driver => ({
  turnsPerRound: 1,
  droppedTurns: 0,
  restMs: REST_MS,
  async open(request) {
    await load(wrk, request, WARM_UP_S);
    const slow = Math.ceil(request.seconds * CONNECTIONS * ANSWERS_PER_CONNECTION);
    const long = Math.max(seconds, Math.min(slow, LONGEST_S));
    return { turn: () => load(wrk, request, long), close: () => undefined };
  },
});

/** Each answer is expected to be at least `bodyBytes` long. */
async function load(wrk: string, { url, headers, bodyBytes }: Repeated, seconds: number): Promise<Turn> {
  const command = [wrk, `-t${THREADS}`, `-c${CONNECTIONS}`, `-d${seconds}s`];
  // wrk's own two seconds would count every large file of a slow server as an error.
  command.push("--timeout", `${TIMEOUT_S}s`, "-s", SCRIPT);
  for (const [name, value] of Object.entries(headers)) command.push("-H", `${name}: ${value}`);
  const output = await run([...command, url.href], {}, (seconds + TIMEOUT_S + 15) * 1000);
  const line = /^REPORT (.*)$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`wrk said: ${output}`);
  const report = JSON.parse(line) as Report;
  return {
    requests: report.requests,
    requestsPerSecond: report.requests / report.seconds,
    fault: faultOf(report, bodyBytes),
  };
}

/** wrk counts a redirect, a 304 or a short body as a success: their size gives them away. */
function faultOf(report: Report, bodyBytes: number): string | undefined {
  const faults: string[] = [];
  for (const kind of ["connect", "read", "write", "timeout"] as const) {
    if (report[kind] > 0) faults.push(`${report[kind]} ${kind} errors`);
  }
  if (report.status > 0) faults.push(`${report.status} answers of status 400 and up`);
  if (report.requests === 0) faults.push("no answer");
  else if (report.bytes / report.requests < bodyBytes) faults.push("short answers");
  return faults.length > 0 ? faults.join(", ") : undefined;
}
