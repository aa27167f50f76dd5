/**
 * How long uv needs to resolve a project's requirements: straight from an index some way off, and through pypi-edge.
 *
 *     node test/bench/resolve.ts [--rounds 7] [--cold 3] [--latency 20]
 *
 * Needs the wheelhouse (WHEELHOUSE, by default ../shared/wheelhouse), uv's own wheel included. The index waits `latency`
 * milliseconds before each answer, has PEP 503 HTML with hashes, files with ranges, and no metadata apart from them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readWheels } from "./content/wheels.ts";
import { scratchDirectory } from "./harness/cleanup.ts";
import { withProduct } from "./harness/product.ts";
import { neededDirectory, wholeNumber } from "./harness/tools.ts";
import { startUpstream } from "./harness/upstream.ts";
import { virtualEnvironment } from "./harness/venv.ts";
import { type Resolution, compile } from "./resolve/compile.ts";
import { pagesWithMetadata, untilQuiet, warm } from "./resolve/product.ts";
import { type Way, ratioTable, secondsTable } from "./resolve/report.ts";
import type { Offer } from "./resolve/upstream-thread.ts";

/** A web application's and its tests': some 60 packages with all that they need. */
const REQUIREMENTS = [
  "aiohttp",
  "celery",
  "fastapi",
  "flask",
  "gunicorn",
  "httpx",
  "pytest",
  "rich",
  "sqlalchemy",
  "uvicorn[standard]",
];

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    cold: { type: "string", default: "3" },
    latency: { type: "string", default: "20" },
  },
});
const rounds = wholeNumber("--rounds", options.rounds, 50);
const coldRounds = wholeNumber("--cold", options.cold, 50);
const latencyMs = wholeNumber("--latency", options.latency, 1_000);
const wheelhouse = neededDirectory("WHEELHOUSE", "../shared/wheelhouse");

const [loadBefore = 0] = loadavg();
const scratch = scratchDirectory();
const bin = await virtualEnvironment("uv", ["uv"], wheelhouse);
const offer: Offer = { wheels: readWheels(wheelhouse), latencyMs };
const upstream = await startUpstream(new URL("resolve/upstream-thread.ts", import.meta.url), offer);
const everything = fileOf("requirements.in", REQUIREMENTS);
const nothing = fileOf("nothing.in", []);
const resolve = (index: URL, requirements = everything): Promise<Resolution> =>
  compile(requirements, index, { bin, scratch, upstream });

const idle: Way = { title: "nothing to resolve", resolutions: [] };
const direct: Way = { title: "straight from the index", resolutions: [] };
const stored: Way = { title: "through pypi-edge, warm", resolutions: [] };
const cold: Way = { title: "through pypi-edge, cold", resolutions: [] };

progress("measuring: cold");
for (let round = 0; round < coldRounds; round++) {
  await withProduct(upstream.simple, stateOf(`cold-${round}`), async ({ simple }) => {
    cold.resolutions.push(await resolve(simple));
    await untilQuiet(upstream);
  });
}
const withMetadata = await withProduct(upstream.simple, stateOf("warm"), async ({ simple }) => {
  progress("warming");
  await warm(() => resolve(simple), upstream);
  progress("measuring: straight and warm");
  for (let round = 0; round < rounds; round++) {
    idle.resolutions.push(await resolve(upstream.simple, nothing));
    direct.resolutions.push(await resolve(upstream.simple));
    stored.resolutions.push(await resolve(simple));
  }
  return pagesWithMetadata(simple, packagesIn(direct));
});
await upstream.stop();

const packages = packagesIn(direct);
for (const { output } of [direct, stored, cold].flatMap(({ resolutions }) => resolutions)) {
  if (output !== direct.resolutions[0]?.output)
    throw new Error(`uv resolved differently through pypi-edge:\n${output}`);
}

process.stdout.write(
  `${secondsTable(packages.length, [direct, stored, cold, idle])}\n\n${ratioTable(direct, stored, idle)}\n\n` +
    `Median (lowest–highest) of ${rounds} interleaved rounds (cold: ${coldRounds}); the index answers after ${latencyMs} ms and ` +
    `has no metadata, ${withMetadata} of ${packages.length} pages of pypi-edge name some; load average before: ` +
    `${loadBefore.toFixed(1)}.\n`,
);

/** The names that uv settled on. */
function packagesIn({ resolutions }: Way): string[] {
  return (resolutions[0]?.output ?? "").split("\n").flatMap((line) => /^[^=]+(?===)/.exec(line)?.[0] ?? []);
}

function stateOf(name: string): string {
  const state = join(scratch, name);
  mkdirSync(state);
  return state;
}

function fileOf(name: string, lines: readonly string[]): string {
  const path = join(scratch, name);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
