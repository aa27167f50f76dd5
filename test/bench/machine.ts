/**
 * pypi-edge on Node, as `npm start` runs it, beside the same in workerd over simulated stores, beside proxpi and without any.
 *
 *     node test/bench/machine.ts [--rounds 3] [--only A,B,C,D,E,F,G,H] [--mb 500] [--apart] [--before FOLDER]
 *
 * A: a cold install, by a server that has just begun and by one in use. B: a large file, cold and stored. C: requests a second, warm. D: the longest stall of the event loop.
 * E: the same over upstreams that answer later. F: a page of a private index beside one of the public index, and beside devpi's. G: an index with a
 * policy beside one without, what is answered quickly in pairs of short turns, what is not stored by a server that has just begun and by one in
 * use. H: a cold lock, by both, over upstreams that answer at once and later. With --apart uv has the last processor for itself in A, E and H, and
 * all else runs on the others, as on different machines. FOLDER: a checkout of an earlier version, with its dependencies, to be
 * measured beside them in A, B and C.
 * Needs Linux (/proc), the wheelhouse (WHEELHOUSE, by default ../shared/wheelhouse) with uv's wheel for A, E and H and proxpi's for A and
 * B, the fixtures (FIXTURES, by default test/fixtures), and `wrk` for C, F and G. What is stored is in memory, in a temporary directory that
 * is removed at the end. A part begins no round that it has no time for: a run takes half an hour on two cores.
 */
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { builtServer } from "../../cli/build/build.ts";
import { deployedBundle } from "../support/node/workerd/build.ts";
import { type Plan, measureRow } from "./compare/measure.ts";
import { type Page, fixturePages } from "./content/pages.ts";
import { request } from "./harness/http.ts";
import { freeBytes, scratchDirectory } from "./harness/cleanup.ts";
import { leaveLastProcessor } from "./harness/processors.ts";
import { pairedDriver } from "./harness/paired-load.ts";
import { findProgram, giveUp, neededDirectory, wholeNumber } from "./harness/tools.ts";
import { startUpstream } from "./harness/upstream.ts";
import { virtualEnvironment } from "./harness/venv.ts";
import { wrkDriver } from "./harness/wrk.ts";
import { attestedFile, type Offer, realWheels, wheelOf } from "./machine/content.ts";
import { coldGuardTable, copyNames } from "./machine/cold-guard.ts";
import { guardTable } from "./machine/guard.ts";
import { otherWheels, serveOthers } from "./machine/in-use.ts";
import { measureDevpi, measureIndexes } from "./machine/indexes.ts";
import { measureInstallation } from "./machine/install.ts";
import { measureLock } from "./machine/lock.ts";
import { measureTransfers } from "./machine/large-file.ts";
import {
  indexCpuTable,
  indexTable,
  installationTable,
  stallTable,
  transferTable,
  warmTable,
} from "./machine/report.ts";
import { inRounds } from "./machine/rounds.ts";
import { OLDER_FILES } from "./machine/older-files.ts";
import { measureStall } from "./machine/stall.ts";
import { type WarmServer, warmRows } from "./machine/warm.ts";
import { type WayName, andInUse, findWays, isInUse } from "./machine/ways.ts";
import { largeFile } from "./stream/files.ts";
import { startOrigin } from "./stream/origin.ts";

/** Seconds within which a part begins rounds, in E and H for each upstream: three rounds, on a machine that has much else to do. */
const SECONDS = { A: 280, B: 170, D: 40, E: 330, H: 240 };
/** How the upstreams of A, E and H answer: by their path, and what that means. */
const UPSTREAMS = {
  "": "answers at once",
  "20ms": "each answer after 20 ms",
  "20ms-bare": "each answer after 20 ms, no core metadata",
  "20ms-long": `each answer after 20 ms, pages of ${OLDER_FILES} files`,
  "100ms": "each answer after 100 ms",
};
/** The ways of E and H. */
const SLOW_WAYS: ReadonlySet<WayName> = new Set(["direct", "Node", "proxpi"]);
/** Seconds of a load by wrk. */
const LOAD_SECONDS = 2;
const WARM_FILE_BYTES = 17_000_000;
const SMALL_FILE_BYTES = 20_000;
const MEDIUM_FILE_BYTES = 70_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "A,B,C,D,E,F,G,H" },
    mb: { type: "string", default: "500" },
    apart: { type: "boolean", default: false },
    before: { type: "string" },
  },
});
const rounds = wholeNumber("--rounds", options.rounds, 99);
const megabytes = wholeNumber("--mb", options.mb, 2_000);
const parts = options.only.toUpperCase().split(",");
for (const part of parts) if (!/^[A-H]$/.test(part)) giveUp(`--only: no ${part}; there are A to H`);
const wrk = findProgram("wrk");
if (wrk === undefined && parts.some((part) => "CFG".includes(part))) giveUp("wrk is missing: apt-get install wrk");
const wheelhouse = neededDirectory("WHEELHOUSE", "../shared/wheelhouse");
/** Where PyPI's pages have their files; none is fetched. */
const recorded = fixturePages(
  join(neededDirectory("FIXTURES", "test/fixtures"), "pages"),
  "https://files.pythonhosted.org",
);

const [loadBefore = 0] = loadavg();
const ofUv = options.apart ? leaveLastProcessor() : undefined;
const scratch = scratchDirectory();
if (freeBytes(scratch) < 4e6 * megabytes) giveUp(`too little room in ${scratch}`);
const ways = await findWays(scratch, wheelhouse, options.before, progress);
const small = await wheelOf("small", SMALL_FILE_BYTES);
const medium = await wheelOf("medium", MEDIUM_FILE_BYTES);
const large = await wheelOf("large", WARM_FILE_BYTES);
const [smallestPage, page, largestPage] = [
  recordedPage("sampleproject"),
  recordedPage("numpy"),
  recordedPage("grpcio"),
];
const real = await realWheels(wheelhouse);
const others = await otherWheels(real);
const offer: Offer = {
  wheels: [small, medium, large, ...real],
  others: others.flat(),
  pages: [smallestPage, page, largestPage],
  copied: { page, names: copyNames(page, rounds) },
  attested: attestedFile(),
};
// A server that finds itself built has less memory and no child that builds.
await builtServer();
await deployedBundle();
const upstream = await startUpstream(new URL("machine/upstream-thread.ts", import.meta.url), offer);
const byWrk: Plan = { driver: wrkDriver(wrk ?? "", LOAD_SECONDS), rounds, upstreamRequests: upstream.requests };
const inPairs: Plan = { ...byWrk, driver: pairedDriver };

const PARTS: Record<string, () => Promise<string>> = {
  A: install,
  B: transfer,
  C: load,
  D: stall,
  E: slowInstalls,
  G: guarded,
  F: byIndex,
  H: locks,
};
for (const [part, measure] of Object.entries(PARTS)) {
  if (!parts.includes(part)) continue;
  progress(`measuring: ${part}`);
  process.stdout.write(`${await measure()}\n\n`);
}
await upstream.stop();
process.stdout.write(
  `Median (lowest–highest) of interleaved rounds or paired turns; behind ±, the standard error of a mean; all on one machine whose load average was ${loadBefore.toFixed(1)} before.\n`,
);

function install(): Promise<string> {
  return cold("install", ways.names, [""], SECONDS.A);
}

function slowInstalls(): Promise<string> {
  return cold("install", slowWays(), ["20ms", "20ms-bare", "20ms-long", "100ms"], SECONDS.E);
}

function locks(): Promise<string> {
  return cold("lock", slowWays(), ["", "20ms", "20ms-long", "100ms"], SECONDS.H);
}

function slowWays(): readonly WayName[] {
  return ways.names.filter((way) => SLOW_WAYS.has(way));
}

/**
 * By servers that have just begun, and by those in use.
 *
 * @param seconds for the rounds of each upstream
 */
async function cold(
  act: "install" | "lock",
  names: readonly WayName[],
  upstreams: readonly (keyof typeof UPSTREAMS)[],
  seconds: number,
): Promise<string> {
  const uv = { bin: await virtualEnvironment("uv", ["uv"], wheelhouse), scratch, processor: ofUv };
  const measure = act === "install" ? measureInstallation : measureLock;
  const tables: string[] = [];
  for (const path of upstreams) {
    const simple = new URL(join("/", path, "simple/"), upstream.simple);
    // The upstream makes long pages when it is asked for them.
    for (const { project } of path === "20ms-long" ? real : []) await request(new URL(`${project}/`, simple), {});
    const samples = await inRounds(andInUse(names), { rounds, seconds }, (way) =>
      ways.over(way, simple, async (server) => {
        if (server && isInUse(way)) await serveOthers(server, others, uv);
        return measure(server, simple, uv);
      }),
    );
    const what = ofUv === undefined ? `cold ${act}` : `cold ${act}, by uv on a processor of its own,`;
    tables.push(installationTable(samples, what, UPSTREAMS[path]));
  }
  return tables.join("\n\n");
}

async function transfer(): Promise<string> {
  const file = largeFile("largest", megabytes);
  const origin = await startOrigin([file]);
  const samples = await inRounds(ways.names, { rounds, seconds: SECONDS.B }, (way) =>
    ways.over(way, origin.simple, (server) => measureTransfers(server, origin, file)),
  );
  await origin.stop();
  return transferTable(samples, megabytes);
}

async function load(): Promise<string> {
  const names: readonly WayName[] = ["Node", "workerd", "before"];
  return withAll(
    names.filter((way) => ways.names.includes(way)),
    [],
    async (servers) => {
      const results = [];
      for (const row of warmRows(small, medium, large, page)) {
        results.push({ row, outcomes: await measureRow(row, servers, byWrk) });
      }
      return warmTable(results);
    },
  );
}

async function guarded(): Promise<string> {
  const pages = [smallestPage, page];
  const content = { pages, file: small, attested: offer.attested };
  const warm = await guardTable(upstream.simple, scratch, content, { quick: inPairs, slow: byWrk });
  const pagesOnce = { page, copies: offer.copied.names, warmUp: smallestPage };
  return `${warm}\n\n${await coldGuardTable(upstream.simple, pagesOnce, { scratch, rounds })}`;
}

async function byIndex(): Promise<string> {
  const { simple } = upstream;
  const { project } = small;
  const all = [
    { way: "Node" as const, ...(await measureIndexes("node", simple, project, { scratch, byWrk, inPairs })) },
    { way: "workerd" as const, ...(await measureIndexes("workerd", simple, project, { scratch, byWrk })) },
    { way: "devpi" as const, ...(await measureDevpi(simple, wheelhouse, { scratch, byWrk })) },
  ];
  return `${indexTable(all)}\n\n${indexCpuTable(all)}`;
}

/** Starts each of `names`, one within the other, and hands them over together. */
function withAll<T>(
  [name, ...more]: readonly WayName[],
  started: readonly WarmServer[],
  use: (servers: readonly WarmServer[]) => Promise<T>,
): Promise<T> {
  if (name === undefined) return use(started);
  return ways.over(name, upstream.simple, (server) =>
    withAll(more, server ? [...started, { ...server, name }] : started, use),
  );
}

async function stall(): Promise<string> {
  const samples = await inRounds(["Node"], { rounds, seconds: SECONDS.D }, (way) =>
    ways.over(way, upstream.simple, (server) => {
      if (!server) throw new Error("no server");
      return measureStall(server.simple, largestPage);
    }),
  );
  return stallTable(samples.get("Node") ?? [], largestPage.files.length);
}

function recordedPage(name: string): Page {
  return recorded.find((each) => each.name === name) ?? giveUp(`FIXTURES: no page of ${name}`);
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
