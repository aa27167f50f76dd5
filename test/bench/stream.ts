/**
 * How large files pass through pypi-edge: pace, first byte, memory; with the local runtime's own share apart.
 *
 *     node test/bench/stream.ts [--sizes 250,1000] [--without-product]
 *
 * Sizes are in MB; the smallest is also read by ten clients at once. The upstream makes the bytes as it sends them; what is stored is in memory, in a temporary
 * directory that is removed at the end, so a little more than the largest size must be free there.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freeBytes, scratchDirectory } from "./harness/cleanup.ts";
import { figure, table } from "./harness/statistics.ts";
import { giveUp } from "./harness/tools.ts";
import { largeFile } from "./stream/files.ts";
import { firstByteTable, tricklingFiles } from "./stream/first-byte.ts";
import type { Measurement } from "./stream/measurement.ts";
import { startOrigin } from "./stream/origin.ts";
import { productCases, productCrowd } from "./stream/product-cases.ts";
import { simulatorCases, simulatorCrowd } from "./stream/simulator-cases.ts";

const LARGEST_MB = 5_000;
const CROWD = 10;

const { values: options } = parseArgs({
  options: {
    sizes: { type: "string", default: "250,1000" },
    "without-product": { type: "boolean", default: false },
  },
});
const sizes = options.sizes.split(",").map(Number);
if (!sizes.every((size) => Number.isInteger(size) && size > 0 && size <= LARGEST_MB)) {
  giveUp(`--sizes: megabytes, 1 to ${LARGEST_MB} each`);
}
const scratch = scratchDirectory();
if (freeBytes(scratch) < 2.2e6 * Math.max(...sizes, 500)) giveUp(`too little room in ${scratch}`);

progress("making and hashing the files");
const files = [...new Set(sizes)].map((size) => largeFile(`large${size}`, size));
const trickling = tricklingFiles();
const origin = await startOrigin([...files, ...trickling]);
for (const file of files) {
  progress(`measuring: ${file.size / 1e6} MB`);
  const measurements = await withState((state) => simulatorCases(file, origin, state));
  if (!options["without-product"]) {
    measurements.push(...(await withState((state) => productCases(file, origin, state))));
  }
  process.stdout.write(`${report(file.size, measurements)}\n\n`);
}
const smallest = files.toSorted((one, other) => one.size - other.size).slice(0, 1);
for (const file of smallest) {
  progress(`measuring: ${CROWD} clients at once`);
  const crowds = options["without-product"] ? [simulatorCrowd] : [simulatorCrowd, productCrowd];
  const measurements: Measurement[] = [];
  for (const crowd of crowds) measurements.push(await withState((state) => crowd(file, origin, state, CROWD)));
  process.stdout.write(`${CROWD} clients at once:\n\n${report(file.size, measurements)}\n\n`);
}
if (!options["without-product"]) {
  progress("measuring: first byte");
  const states = { simulator: newState(), product: newState() };
  process.stdout.write(`${await firstByteTable(trickling, origin, states)}\n`);
}
await origin.stop();

function report(size: number, measurements: readonly Measurement[]): string {
  const name = `${figure(size / 1e6)} MB`;
  return table(
    [name, "s", "MB/s", "first byte, ms", "after upstream's, ms", "grows by, MB", "until stored, MB"],
    measurements.map((one) => [
      [one.label, ...one.remarks].join("; "),
      figure(one.seconds),
      figure((one.clients * size) / 1e6 / one.seconds),
      one.firstByteMs === undefined ? "" : figure(one.firstByteMs),
      one.lagMs === undefined ? "" : figure(one.lagMs),
      figure(one.servedBytes / 1e6),
      one.finalBytes === undefined ? "" : figure(one.finalBytes / 1e6),
    ]),
  );
}

async function withState<T>(use: (state: string) => Promise<T>): Promise<T> {
  const state = newState();
  try {
    return await use(state);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

function newState(): string {
  const state = join(scratch, `state-${performance.now()}`);
  mkdirSync(state);
  return state;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
