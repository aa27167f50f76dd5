/**
 * How many requests a second pypi-edge and its peers answer, warm, on the same machine and the same content.
 *
 *     node test/bench/compare.ts [--rounds 5] [--seconds 3] [--servers a,b] [--rows a,b]
 *
 * Needs `nginx` and `wrk` on PATH, and the wheelhouse and fixtures (WHEELHOUSE, by default ../shared/wheelhouse, and FIXTURES, by default test/fixtures).
 * Everything runs on the loopback interface and in a temporary directory that is removed at the end.
 */
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureRow } from "./compare/measure.ts";
import { startNginx } from "./compare/nginx.ts";
import { type Result, isComplete, rateTable, targetTable } from "./compare/report.ts";
import { ROW_IDS, rows } from "./compare/rows.ts";
import { SERVERS, type Server, startServer } from "./compare/servers.ts";
import { writeUpstreamTree } from "./compare/upstream-tree.ts";
import { scratchDirectory } from "./harness/cleanup.ts";
import { freePort } from "../../cli/demo/process.ts";
import { findProgram, giveUp, neededDirectory, wholeNumber } from "./harness/tools.ts";
import { wrkDriver } from "./harness/wrk.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    servers: { type: "string", default: SERVERS.join(",") },
    rows: { type: "string", default: ROW_IDS.join(",") },
  },
});
const rounds = wholeNumber("--rounds", options.rounds, 50);
const seconds = wholeNumber("--seconds", options.seconds, 60);
const serverNames = selection("--servers", options.servers, SERVERS);
const rowIds = selection("--rows", options.rows, ROW_IDS);
const wrk = findProgram("wrk") ?? giveUp("wrk is missing: apt-get install wrk");
const nginxProgram = findProgram("nginx") ?? giveUp("nginx is missing: apt-get install nginx");
const sources = {
  wheelhouse: neededDirectory("WHEELHOUSE", "../shared/wheelhouse"),
  fixtures: neededDirectory("FIXTURES", "test/fixtures"),
};

const [loadBefore = 0] = loadavg();
const scratch = scratchDirectory();
const ports = { upstream: await freePort(), static: await freePort() };
const origin = `http://127.0.0.1:${ports.upstream}`;
const root = join(scratch, "tree");
const upstream = writeUpstreamTree(root, origin, sources);
const nginx = await startNginx(nginxProgram, join(scratch, "nginx-files"), root, ports);
const around = {
  upstream: new URL(`${origin}/simple/`),
  static: new URL(`http://127.0.0.1:${ports.static}/simple/`),
  nginxProgram,
  scratch,
  wheelhouse: sources.wheelhouse,
};

const servers: Server[] = [];
for (const name of serverNames) {
  progress(`starting ${name}`);
  servers.push(await startServer(name, around));
}
const driver = wrkDriver(wrk, seconds);
const results: Result[] = [];
for (const row of rows(upstream).filter(({ id }) => rowIds.some((wanted) => wanted === id))) {
  progress(`measuring: ${row.title}`);
  results.push({
    row,
    outcomes: await measureRow(row, servers, { driver, rounds, upstreamRequests: nginx.upstreamRequests }),
  });
}
for (const server of servers) {
  const forced = await server.stop();
  if (forced !== undefined) progress(`warning: ${forced}`);
}
await nginx.stop();

process.stdout.write(
  `${rateTable(results, serverNames)}\n\n${targetTable(results)}\n\n` +
    `Median (lowest–highest) of ${rounds} rounds of ${seconds} s, 16 connections, all on one machine ` +
    `whose load average was ${loadBefore.toFixed(1)} before.\n`,
);
process.exitCode = isComplete(results) ? 0 : 1;

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function selection<T extends string>(name: string, text: string, all: readonly T[]): readonly T[] {
  const wanted = text.split(",");
  const unknown = wanted.find((item) => !all.some((known) => known === item));
  if (unknown !== undefined) giveUp(`${name}: no ${unknown}; there are ${all.join(", ")}`);
  return all.filter((item) => wanted.includes(item));
}
