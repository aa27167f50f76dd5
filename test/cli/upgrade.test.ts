import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, run, startServer, type StartedServer } from "../../cli/demo/process.ts";
import { CLI } from "../support/node/command.ts";
import { builtServer } from "../../cli/build/build.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** What is in the state that the version before has left; its README says how it was made. */
const FIXTURE = join(ROOT, "test", "fixtures", "states", "0009.tar.gz");
const ADMIN_TOKEN = "the-admin-of-the-old-state";
const ID = "81d2c00c26fa3321";
const TOKEN = `pypi-edge_${ID}_6Def9-XbiG2s5SykasJ7nKVwvk0iyEzf6QxxLjL1cVQ`;
const WHEEL = "kept-1.0-py3-none-any.whl";
const SDIST = "kept-1.0.tar.gz";
const DIGESTS = {
  [WHEEL]: "6ae2e3f5ae22c216110bd61861b70c0102563e4e1c3a117f7a947b23e5fedcfb",
  [SDIST]: "15dd60d65baa93adc4a277926bd3daff95416440d3f94fa4ee7653301e40560d",
};

/** Rows of tables and columns that have other names now. */
const RENAMED_LATER = `
  UPDATE page SET wanted = 7;
  INSERT INTO hosted_left (object, at) VALUES ('hosted/an-object', 8);
  INSERT INTO asked (source, kind, score) VALUES ('a-source', 'sdist', 9);`;

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-upgrade-"));
/** The state directory that the version before has left, and what is carried over from it. */
const [old, state] = [mkdtempSync(join(folder, "old-")), join(folder, "state")];
let server: StartedServer;
let root: string;
beforeAll(async () => {
  await builtServer();
  execFileSync("tar", ["-xzf", FIXTURE, "-C", old]);
  const database = simulatedDatabase(old);
  database.exec(RENAMED_LATER);
  database.close();
  const carried = await run(process.execPath, [CLI, "carry-over", old, "--state", state]);
  if (carried.code !== 0) throw new Error(carried.output);
  const port = await freePort();
  root = `http://127.0.0.1:${port}`;
  // The upstream of the old state, where nothing listens now.
  const args = ["--port", `${port}`, "--state", state, "--upstream", "http://127.0.0.1:18931/simple/", "--no-cron"];
  server = await startServer(process.execPath, [CLI, "serve", "--log", "text", ...args], /\bready\b[^]*Ctrl-C/, {
    cwd: ROOT,
  });
}, 120_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The database of the version before. Each database has a file there; the product's is the one with migrations. */
function simulatedDatabase(directory: string): DatabaseSync {
  for (const file of globSync("d1/*/????????????????*.sqlite", { cwd: directory })) {
    const database = new DatabaseSync(join(directory, file));
    if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'd1_migrations'").get()) return database;
    database.close();
  }
  throw new Error("no database");
}

const openDatabase = () => new DatabaseSync(join(state, "database.sqlite"), { readOnly: true });

const ask = (path: string, token = TOKEN, init: RequestInit = {}) =>
  fetch(`${root}${path}`, { ...init, headers: { Authorization: `Bearer ${token}`, Accept: "application/json, */*" } });

const sha256 = (bytes: ArrayBuffer) => createHash("sha256").update(new Uint8Array(bytes)).digest("hex");

interface Page {
  readonly files: readonly { filename: string; url: string; hashes: { sha256: string }; yanked?: unknown }[];
}

async function page(): Promise<Page> {
  const answer = await ask("/team/simple/kept/?format=application/vnd.pypi.simple.v1%2Bjson");
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page;
}

test("every migration has been applied to the database of the version before, once", () => {
  const migrations = globSync("*.sql", { cwd: join(ROOT, "schema", "migrations") }).toSorted();
  const database = openDatabase();
  const applied = database.prepare("SELECT name FROM d1_migrations ORDER BY name").all();
  database.close();
  expect(applied.map(({ name }) => name)).toEqual(migrations);
});

test("tables and columns that have other names now have their rows", () => {
  const database = openDatabase();
  const rows = [
    "SELECT announced_serial FROM page",
    "SELECT object, unlinked_at FROM unlinked_object",
    "SELECT source, kind, score FROM kind_popularity",
  ].map((query) => Object.values(database.prepare(query).get() ?? {}));
  database.close();
  expect(rows).toEqual([[7], ["hosted/an-object", 8], ["a-source", "sdist", 9]]);
});

test("the token that was made then lists and downloads what was uploaded then, and no one does without", async () => {
  const { files } = await page();
  expect(files.map(({ filename, hashes, yanked }) => [filename, hashes.sha256, yanked])).toEqual(
    expect.arrayContaining(Object.entries(DIGESTS).map(([filename, digest]) => [filename, digest, "has a flaw"])),
  );
  expect(files).toHaveLength(2);
  for (const { filename, url, hashes } of files) {
    const path = new URL(url, `${root}/team/simple/kept/`).pathname;
    const answer = await ask(path);
    expect([filename, answer.status, sha256(await answer.arrayBuffer())]).toEqual([filename, 200, hashes.sha256]);
    expect((await fetch(`${root}${path}`)).status).toBe(401);
  }
  const wheel = files.find(({ filename }) => filename === WHEEL);
  const metadata = await ask(`${new URL(wheel?.url ?? "", `${root}/team/simple/kept/`).pathname}.metadata`);
  expect([metadata.status, await metadata.text()]).toEqual([200, "Metadata-Version: 2.1\nName: kept\nVersion: 1.0\n"]);
});

test("the admin's token is the same, and lists the token that was made then", async () => {
  expect(readFileSync(join(state, "admin-token"), "utf8")).toBe(`${ADMIN_TOKEN}\n`);
  const { tokens } = (await (await ask("/-/api/tokens", ADMIN_TOKEN)).json()) as { tokens: unknown[] };
  expect(tokens).toMatchObject([{ id: ID, name: "the old one", index: "team", scopes: ["read", "upload", "yank"] }]);
});

test("the audit log has every line from then, and goes on behind them", async () => {
  const lines = async () =>
    (await (await ask("/-/api/audit", ADMIN_TOKEN)).text())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: number; action: string; subject: string; actor: string });
  const shown = (all: Awaited<ReturnType<typeof lines>>) =>
    all.map(({ action, subject, actor }) => [action, subject, actor]);
  const before = [
    ["token.create", ID, "admin"],
    ["upload", WHEEL, ID],
    ["upload", SDIST, ID],
    ["yank", "1.0", "admin"],
  ];
  expect(shown(await lines())).toEqual(before);
  expect((await ask("/-/api/indexes/team/projects/kept/1.0/unyank", TOKEN, { method: "POST" })).status).toBe(200);
  expect(shown(await lines())).toEqual([...before, ["unyank", "1.0", ID]]);
  expect((await page()).files.every(({ yanked }) => yanked === undefined || yanked === false)).toBe(true);
});

test("the page that was kept of an upstream is served, or made anew: an upstream that is away never reads as absence", async () => {
  expect([200, 503]).toContain((await fetch(`${root}/simple/public/`)).status);
});

test("the index that is not hosted, health and figures answer", async () => {
  const paths = ["/", "/-/health", "/-/metrics"];
  expect(await Promise.all(paths.map(async (path) => (await ask(path, ADMIN_TOKEN)).status))).toEqual([200, 200, 200]);
  expect(server.output()).not.toMatch(/internal error|no such (?:table|column)/);
});
