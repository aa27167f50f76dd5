import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { tablesMade } from "./test/support/node/tables-made.ts";
import { LongestFirst } from "./test/support/longest-first.ts";

const here = (path: string) => join(import.meta.dirname, path);

/** The only answer from outside that a test in workerd can get: a fixture. All else proves that it is not offline. */
async function fixture(request: { url: string }) {
  const { hostname, pathname } = new URL(request.url);
  if (hostname !== "fixtures.test") throw new Error(`A test tried to reach ${request.url}`);
  return new Response(await readFile(here(`test/fixtures${pathname}`)));
}

/** The runtime of the worker, with its bindings. */
const workerd = () =>
  cloudflareTest(async () => ({
    wrangler: { configPath: here("wrangler.toml") },
    miniflare: {
      bindings: {
        MIGRATIONS: await readD1Migrations(here("schema/migrations")),
        TABLES: tablesMade(here("schema/migrations")),
      },
      outboundService: fixture,
    },
  }));

/** Long tables, which run with the matrix: those in the runtime of the worker, and those on Node. */
const RARE = [
  "test/layers/guard/every-address.test.ts",
  "test/http/{release-rights,other-indexes,headers}.test.ts",
  "test/auth/private.test.ts",
  "test/jobs/{healing,behind}.test.ts",
  "test/storage/{upload-death,places}.test.ts",
  "test/upstream/{pages,encoding,limits}.test.ts",
  "test/platform/cloudflare/{pipe,transfer}.test.ts",
  "test/http/warm.test.ts",
  "test/layers/junk.test.ts",
  "test/jobs/sweep-files.test.ts",
];
const RARE_ON_NODE = [
  "test/server/{disk/full,shared-fills/{crowd,failures},http/taking,backup/backup,moving/refusals}.test.ts",
  "test/platform/{miniflare/queues,machine/check}.test.ts",
  "test/cli/{admin,backup,move,release,token,upload}.test.ts",
];

export default defineConfig({
  test: {
    // What the worker logs is part of many tests and interesting only where one fails.
    silent: "passed-only",
    reporters: [
      "default",
      "./test/clients/matrix/report.ts",
      "./test/support/exceptions.ts",
      "./test/support/closing-line.ts",
    ],
    // One more than CI has cores: a worker often waits for a process that it has started, or for workerd.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Most processes that tests start are node with wrangler in it: compiled once, it loads in three quarters of the time.
    env: { NODE_COMPILE_CACHE: here("node_modules/.cache/node-compile") },
    projects: [
      {
        plugins: [workerd()],
        test: {
          name: "worker",
          include: [
            "test/{upstream,storage,repository,layers,auth,http,jobs,contract,ui}/**/*.test.ts",
            "test/platform/cloudflare/**/*.test.ts",
          ],
          exclude: RARE,
          setupFiles: ["test/support/storage.ts"],
          // Each test begins with empty storage, and nothing of ours lives in a module: files can share an isolate.
          isolate: false,
          // No test asserts a time: a machine that is busy with something else is no failure, in a test or in a hook.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // What touches no storage, which need not be emptied for it.
        plugins: [workerd()],
        test: {
          name: "language",
          include: ["test/{carrying,mirroring,provenance,pypi,locks,publishing,readme}/**/*.test.ts"],
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Half a minute for one figure, and hundreds of worlds: with the matrix, and for the figure itself.
        plugins: [workerd()],
        test: {
          name: "simulation",
          include: ["test/bench/{freshness,worlds}.test.ts", ...RARE],
          setupFiles: ["test/support/storage.ts"],
          testTimeout: 120_000,
        },
      },
      {
        // A quarter of an hour, for a table.
        test: { name: "fleet", include: ["test/bench/fleet.test.ts"] },
      },
      {
        // One machine's platform, on Node.
        test: {
          name: "server",
          include: ["test/server/**/*.test.ts", "test/platform/{machine,miniflare}/**/*.test.ts"],
          exclude: RARE_ON_NODE,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "machine",
          include: ["test/{cli,structure,docs}/**/*.test.ts"],
          exclude: RARE_ON_NODE,
          globalSetup: ["test/cli/setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "fuzz",
          include: ["test/fuzz/*.test.ts"],
          globalSetup: ["test/fuzz/setup.ts"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "clients",
          include: ["test/clients/*.test.ts"],
          globalSetup: ["test/clients/setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: "matrix",
          include: ["test/clients/matrix/*.test.ts", ...RARE_ON_NODE],
          globalSetup: ["test/clients/matrix/setup.ts"],
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
