import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, startServer, type StartedServer } from "../../../cli/demo/process.ts";
import { builtServer } from "../../../cli/build/build.ts";
import { cronRow } from "../../../schema/crons.ts";
import { CLI } from "../../support/node/command.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const EACH_MINUTE = "* * * * *";

const state = mkdtempSync(join(tmpdir(), "pypi-edge-crash-"));
let server: StartedServer;
let port: number;
beforeAll(async () => {
  await builtServer();
  port = await freePort();
  server = await start();
}, 120_000);
afterAll(async () => {
  await server.stop();
  rmSync(state, { recursive: true, force: true });
});

const start = () => {
  const upstream = "http://127.0.0.1:9/simple/";
  const args = [CLI, "serve", "--port", `${port}`, "--state", state, "--upstream", upstream];
  return startServer(process.execPath, args, /\bready\b[^]*Ctrl-C/, { cwd: ROOT });
};

/** When the cron of each minute last ran, or was first expected. Milliseconds since the epoch. */
function lastRan(): number {
  const database = new DatabaseSync(join(state, "database.sqlite"), { readOnly: true });
  try {
    const row = database.prepare("SELECT ran_at AS at FROM job WHERE name = ?").get(cronRow(EACH_MINUTE));
    return Number(row?.["at"]);
  } finally {
    database.close();
  }
}

test(
  "a server that was killed starts on its state: pages are served and crons fired",
  { timeout: 180_000 },
  async () => {
    await server.kill();
    server = await start();
    const startedAt = Date.now();
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
    await expect.poll(lastRan, { timeout: 130_000, interval: 500 }).toBeGreaterThan(startedAt);
    expect(await (await fetch(`http://127.0.0.1:${port}/-/health`)).json()).toEqual({
      status: "ok",
      notice: expect.stringContaining("No advisories are loaded: index team lets through"),
    });
    expect(server.output()).not.toMatch(/failed/);
  },
);
