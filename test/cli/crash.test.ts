import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, startServer, type StartedServer } from "../../cli/demo/process.ts";
import { build } from "../../cli/server/build.ts";
import { cronRow } from "../../schema/crons.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const EACH_MINUTE = "* * * * *";

const state = mkdtempSync(join(tmpdir(), "pypi-edge-crash-"));
let server: StartedServer;
let root: string;
beforeAll(async () => {
  await build();
  const port = await freePort();
  root = `http://127.0.0.1:${port}`;
  const args = [
    "cli/pypi-edge.ts",
    "serve",
    "--port",
    `${port}`,
    "--state",
    state,
    "--upstream",
    "http://127.0.0.1:9/simple/",
  ];
  server = await startServer(process.execPath, args, /\bready\b[^]*Ctrl-C/, { cwd: ROOT });
}, 120_000);
afterAll(async () => {
  await server.stop();
  rmSync(state, { recursive: true, force: true });
});

/** The runtime that serves this state: the only workerd that was told of the directory, by its own process's children. */
function runtime(): number {
  const processes = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  const rows = processes.map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)?.slice(1) ?? []);
  const own = rows.find(([, , args = ""]) => args.includes("cli/pypi-edge.ts") && args.includes(state))?.[0];
  return Number(rows.find(([, parent, args = ""]) => parent === own && args.includes("workerd"))?.[0]);
}

/** When the cron of each minute last ran. Milliseconds since the epoch. */
function lastStarted(): number {
  for (const file of globSync("d1/*/????????????????*.sqlite", { cwd: state })) {
    const database = new DatabaseSync(join(state, file), { readOnly: true });
    try {
      const row = database.prepare("SELECT ran_at AS at FROM job WHERE name = ?").get(cronRow(EACH_MINUTE));
      if (row) return Number(row["at"]);
    } catch {
      // Not a database of ours, or locked at this moment: it is asked again.
    } finally {
      database.close();
    }
  }
  return 0;
}

test("after workerd was killed pages are served and crons fired again", { timeout: 180_000 }, async () => {
  const before = runtime();
  expect(before).toBeGreaterThan(1);
  process.kill(before, "SIGKILL");
  const killedAt = Date.now();
  const served = async () => (await fetch(`${root}/`).catch(() => undefined))?.status;
  await expect.poll(served, { timeout: 30_000 }).toBe(200);
  expect(runtime()).not.toBe(before);
  await expect.poll(lastStarted, { timeout: 130_000, interval: 500 }).toBeGreaterThan(killedAt);
  expect(await (await fetch(`${root}/-/health`)).json()).toEqual({ status: "ok" });
  expect(server.output()).not.toContain("could not be fired");
});
