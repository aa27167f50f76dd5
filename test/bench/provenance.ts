/**
 * The CPU that verifying a file's provenance takes, in Node and in workerd: of real files of PyPI, and of the newest kind of log.
 * The operations of a file are counted in test/layers/guard/provenance.test.ts.
 *
 *     node test/bench/provenance.ts [--rounds 5] [--times 100]
 *
 * Needs Linux (/proc).
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bundleWorker } from "../../cli/build/bundle-worker.ts";
import { PROJECT_FOLDER } from "../../cli/lib/project-folder.ts";
import { onGitHub, TestSigstore } from "../support/sigstore/sigstore.ts";
import { cpuMeter } from "./harness/cpu.ts";
import { spread, table } from "./harness/statistics.ts";
import { wholeNumber } from "./harness/tools.ts";
import { verifyRepeatedly, type Repeated } from "./provenance/repeat.ts";

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, times: { type: "string", default: "100" } },
});
const rounds = wholeNumber("--rounds", options.rounds, 100);
const times = wholeNumber("--times", options.times, 10_000);

type Case = Omit<Repeated, "times">;

const FIXTURES = join(PROJECT_FOLDER, "test", "fixtures", "attestations");
const PYPI = {
  filename: "pypi_attestations-0.0.19.tar.gz",
  sha256: "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3",
};
const DEMO = { filename: "demo-1.0.tar.gz", sha256: "d".repeat(64) };
const BY = { kind: "GitHub", repository: "acme/demo", workflow: "release.yml" };

async function cases(): Promise<Readonly<Record<string, Case>>> {
  const root = JSON.parse(await readFile(join(FIXTURES, "trusted_root.json"), "utf8")) as object;
  const text = await readFile(join(FIXTURES, `${PYPI.filename}.provenance`), "utf8");
  const newest = await TestSigstore.make("rekor2");
  const attested = { ...DEMO, ...onGitHub("acme/demo") };
  return {
    "a file of PyPI, one attestation": { root, file: PYPI, text },
    "Rekor 2, one attestation": { root: newest.root, file: DEMO, text: await newest.provenance(BY, attested) },
    "Rekor 2, two attestations": {
      root: newest.root,
      file: DEMO,
      text: await newest.provenance(BY, attested, { ...attested, predicate: "slsa" }),
    },
  };
}

/** Milliseconds of CPU a time, of each round after a first one that is not counted. */
async function measured(act: () => Promise<number>): Promise<string> {
  await act();
  const results: number[] = [];
  for (let round = 0; round < rounds; round++) results.push((await act()) / times);
  return spread(results);
}

const folder = await mkdtemp(join(tmpdir(), "pypi-edge-bench-"));
await bundleWorker(folder, PROJECT_FOLDER, join("test", "bench", "provenance", "worker.ts"));
const contents = await readFile(join(folder, "index.js"), "utf8");
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    workers: [
      {
        name: "verify",
        compatibilityDate: "2026-10-01",
        compatibilityFlags: ["nodejs_compat"],
        modules: [{ type: "ESModule", path: "index.js", contents }],
      },
    ],
  }),
);
try {
  const url = await miniflare.ready;
  const meter = await cpuMeter(process.pid);
  const rows: string[][] = [];
  for (const [name, each] of Object.entries(await cases())) {
    const work = { ...each, times };
    const inNode = await measured(async () => {
      const before = process.cpuUsage();
      verifyRepeatedly(work);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    });
    const inWorkerd = await measured(() =>
      meter.during(async () => {
        const answer = await fetch(url, { method: "POST", body: JSON.stringify(work) });
        if (!answer.ok) throw new Error(await answer.text());
      }),
    );
    rows.push([name, inNode, inWorkerd]);
  }
  console.log(table(["milliseconds of CPU a file", "Node", "workerd"], rows));
  console.log(`\nMedian (lowest–highest) of ${rounds} rounds of ${times} files.`);
} finally {
  await miniflare.dispose();
  await rm(folder, { recursive: true });
}
