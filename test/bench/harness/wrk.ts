/** Load by wrk, and what it says about it. */
import { join } from "node:path";
import type { Headers } from "./http.ts";
import { run } from "./processes.ts";

const SCRIPT = join(import.meta.dirname, "wrk-report.lua");
const THREADS = 2;
export const CONNECTIONS = 16;
/** wrk's own two seconds would count every large file of a slow server as an error. */
const TIMEOUT_S = 30;

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

export interface Load {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Why the figure must not be trusted, if so. */
  readonly fault: string | undefined;
}

/** Loads `url` for `seconds`; each answer is expected to be at least `bodyBytes` long. */
export async function load(wrk: string, url: URL, headers: Headers, seconds: number, bodyBytes: number): Promise<Load> {
  const command = [wrk, `-t${THREADS}`, `-c${CONNECTIONS}`, `-d${seconds}s`];
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
