import { once } from "node:events";
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { run } from "../../../cli/demo/process.ts";
import { PROJECT_FOLDER } from "../../../cli/lib/project-folder.ts";
import { noteAddress } from "../../../cli/lib/state.ts";
import { refuseSimulatorsState } from "../../../cli/serve/simulators-state.ts";
import { openState } from "../../../cli/serve/state.ts";
import {
  addHostedFiles,
  blobOf,
  comparedRows,
  digestsIn,
  simulatedFile,
  simulatedKeys,
  simulatedObjects,
  tablesIn,
  unpackState,
} from "../../support/node/simulated-state.ts";
import { CLI, killedWhen } from "../../support/node/command.ts";

let folder: string;
let old: string;
let made: string;
beforeEach(() => {
  folder = temporaryDirectory();
  old = join(folder, "the old one");
  made = join(folder, "the new one");
});
afterEach(() => removeDirectory(folder));

const carryOver = (...options: string[]) =>
  run(process.execPath, [CLI, "carry-over", old, "--state", made, ...options], { cwd: folder });

/** An object without one of its members. */
const without = <Value>(members: Readonly<Record<string, Value>>, name: string) =>
  Object.fromEntries(Object.entries(members).filter(([each]) => each !== name));

/** The files of a state directory but the lock, which is made when it is first locked. */
const filesOf = (state: string) => without(digestsIn(state), "lock.sqlite");

const comparedTables = () => comparedRows(simulatedFile(old, "d1"), join(made, "database.sqlite"));

/** The SHA-256 of each object in a folder of objects, by its key. */
const objectsIn = (state: string) =>
  Object.fromEntries(
    Object.entries(digestsIn(join(state, "objects"))).map(([path, digest]) => [path.replace(/@\w+$/, ""), digest]),
  );

test("all rows, objects and the admin token are in the new directory, and the old one is as it was", async () => {
  unpackState("0012", old);
  const before = filesOf(old);
  const { code, output } = await carryOver();
  expect([code, output]).toEqual([
    0,
    `Copied into ${made}: uploads (objects: 8, 6.0 MB), tokens (1), audit log (entries: 8).
${old} is unchanged.
Uploads that were not finished must be sent again (1).
Pages and mirrored files are fetched again. Start with --state ${made}.
`,
  ]);
  expect(filesOf(old)).toEqual(before);
  const [expected, found] = comparedTables();
  expect(found).toEqual(expected);
  expect(objectsIn(made)).toEqual(simulatedObjects(old, "hosted/"));
  expect(readdirSync(made).toSorted()).toEqual(
    [
      "admin-token",
      "database.sqlite",
      "lock.sqlite",
      "objects",
      "objects.closed",
      "objects.sqlite",
      "partial",
      "uploads",
    ].toSorted(),
  );
  expect(readFileSync(join(made, "admin-token"), "utf8")).toBe("the-admin-of-the-old-state\n");
  expect(statSync(join(made, "admin-token")).mode & 0o777).toBe(0o600);
  expect(() => refuseSimulatorsState(made)).not.toThrow();
});

test("custom metadata and empty objects are the same", async () => {
  unpackState("0012", old);
  addHostedFiles(old, 3);
  expect((await carryOver("--json")).output).toMatch(/^\{"objects":11,/);
  const rows = tablesIn(join(made, "objects.sqlite"))["object"] as { key: string; size: number; metadata: string }[];
  const added = rows.filter(({ metadata }) => metadata !== "{}").toSorted((a, b) => a.size - b.size);
  expect(added.map(({ size, metadata }) => [size, JSON.parse(metadata)])).toEqual([
    [0, { at: "0 é" }],
    [300, { at: "1 é" }],
    [600, { at: "2 é" }],
  ]);
});

test("the state of an older version gets the migrations that it lacks", async () => {
  unpackState("0009", old);
  expect((await carryOver("--json")).code).toBe(0);
  const [before = {}, after = {}] = comparedTables();
  const applied = tablesIn(join(made, "database.sqlite"))["d1_migrations"] as { name: string }[];
  const migrations = globSync("*.sql", { cwd: join(PROJECT_FOLDER, "schema", "migrations") }).toSorted();
  expect(applied.map(({ name }) => name)).toEqual(migrations);
  const same = ["audit", "token", "hosted", "hosted_project", "hosted_file", "counter", "popularity", "object"];
  for (const table of same) expect([table, after[table]]).toEqual([table, before[table]]);
  expect(objectsIn(made)).toEqual(simulatedObjects(old, "hosted/"));
});

test("a state without uploads is carried over, too", async () => {
  unpackState("0012", old);
  rmSync(join(old, "r2"), { recursive: true });
  const database = new DatabaseSync(simulatedFile(old, "d1"));
  database.exec("DELETE FROM hosted_file");
  database.close();
  const { code, stdout } = await carryOver("--json");
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    { objects: 0, bytes: 0, tokens: 1, auditEntries: 8, unfinishedUploads: 1, damaged: [] },
  ]);
});

/** Runs the command until there are files of so many digests, and kills it. */
async function killedAt(count: number): Promise<void> {
  const hosted = join(made, "objects", "hosted");
  const isReached = () =>
    count === 0 ? existsSync(join(made, "database.sqlite")) : existsSync(hosted) && readdirSync(hosted).length >= count;
  await killedWhen(["carry-over", old, "--state", made], folder, isReached);
}

test("a run that is killed at any moment is gone on with, and no server starts meanwhile", async () => {
  unpackState("0012", old);
  addHostedFiles(old, 600);
  const before = filesOf(old);
  for (const count of [0, 1, 100, 250, 400]) {
    await killedAt(count);
    expect(() => refuseSimulatorsState(made)).toThrow(/has only a part.*carry-over OLD --state/);
  }
  const there = Object.keys(digestsIn(join(made, "objects")));
  // Eight are under way at once.
  expect(there.length).toBeGreaterThanOrEqual(400 - 8);
  expect((await carryOver()).code).toBe(0);
  const [expected, found] = comparedTables();
  expect(found).toEqual(expected);
  expect(objectsIn(made)).toEqual(simulatedObjects(old, "hosted/"));
  // What was there was not copied again, but where its row was missing.
  const kept = Object.keys(digestsIn(join(made, "objects")));
  expect(there.filter((path) => !kept.includes(path)).length).toBeLessThanOrEqual(8);
  expect(readdirSync(join(made, "partial"))).toEqual([]);
  expect(filesOf(old)).toEqual(before);
  expect(() => refuseSimulatorsState(made)).not.toThrow();
});

test("an object whose row a kill has prevented gets its custom metadata all the same", async () => {
  unpackState("0012", old);
  addHostedFiles(old, 2);
  const [key = ""] = simulatedKeys(old, "hosted/612026");
  const bytes = readFileSync(blobOf(old, key));
  rmSync(blobOf(old, key));
  expect((await carryOver()).code).toBe(1);
  const rows = new DatabaseSync(join(made, "objects.sqlite"));
  rows.exec("DELETE FROM closed; DELETE FROM object WHERE metadata <> '{}'");
  rows.close();
  writeFileSync(blobOf(old, key), bytes);
  expect((await carryOver()).code).toBe(0);
  const objects = tablesIn(join(made, "objects.sqlite"))["object"] as { metadata: string }[];
  const found = objects.map(({ metadata }) => metadata).filter((metadata) => metadata !== "{}");
  expect(found.toSorted()).toEqual(['{"at":"0 é"}', '{"at":"1 é"}']);
});

test("where the disk takes no more, the command says so, and is gone on with later", async () => {
  unpackState("0012", old);
  const script = `ulimit -f 4000; exec "$@"`;
  const command = [process.execPath, CLI, "carry-over", old, "--state", made];
  const { code, output } = await run("bash", ["-c", script, "bash", ...command], { cwd: folder });
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(
      /could not be carried over to its end: EFBIG.* Run the command again: it goes on from there\.\n$/,
    ),
  ]);
  expect(() => refuseSimulatorsState(made)).toThrow(/has only a part/);
  expect((await carryOver()).code).toBe(0);
  expect(objectsIn(made)).toEqual(simulatedObjects(old, "hosted/"));
});

test("lost bytes are named with their releases, and the new directory cannot be used until they are back", async () => {
  unpackState("0012", old);
  const keys = simulatedKeys(old, "hosted/");
  const [gone = "", changed = "", metadata = "", orphan = ""] = [
    /612026.*e4$/,
    /fed5d8.*93$/,
    /b85321.*metadata$/,
    /61a82e.*96$/,
  ].map((pattern) => keys.find((key) => pattern.test(key)));
  const whole = [gone, changed, metadata, orphan].map(
    (key) => [blobOf(old, key), readFileSync(blobOf(old, key))] as const,
  );
  rmSync(blobOf(old, gone));
  writeFileSync(blobOf(old, changed), Buffer.alloc(6_001_110));
  writeFileSync(blobOf(old, metadata), "Metadata-Version: 2.1\n");
  rmSync(blobOf(old, orphan));
  const before = filesOf(old);
  const { code, output } = await carryOver();
  expect(code).toBe(1);
  expect(
    output
      .split("\n")
      .filter((line) => line.startsWith("  "))
      .toSorted(),
  ).toEqual([
    `  kept 1.0 in team, kept-1.0-py3-none-any.whl: its bytes are not there (${gone})`,
    `  kept 1.1 in prod, the core metadata of kept-1.1-py3-none-any.whl: its bytes have another digest (${metadata})`,
    `  kept 1.1 in team, the core metadata of kept-1.1-py3-none-any.whl: its bytes have another digest (${metadata})`,
    `  of no release: its bytes are not there (${orphan})`,
    `  parts 2.0 in team, parts-2.0-py3-none-any.whl: its bytes have another digest (${changed})`,
  ]);
  expect(() => refuseSimulatorsState(made)).toThrow(/has only a part/);
  expect(filesOf(old)).toEqual(before);

  for (const [path, bytes] of whole.slice(1)) writeFileSync(path, bytes);
  const accepted = await carryOver("--without-damaged");
  expect([accepted.code, accepted.output.split("\n")[0]]).toEqual([
    0,
    `Lost: kept 1.0 in team, kept-1.0-py3-none-any.whl: its bytes are not there (${gone})`,
  ]);
  expect(objectsIn(made)).toEqual(without(simulatedObjects(old, "hosted/"), gone));
  const [expected, found] = comparedTables();
  expect(found).toEqual(expected);
  expect(() => refuseSimulatorsState(made)).not.toThrow();
});

test("a release whose object has no row in the bucket is named", async () => {
  unpackState("0012", old);
  const bucket = new DatabaseSync(simulatedFile(old, "r2"));
  bucket.exec("DELETE FROM _mf_objects WHERE key LIKE 'hosted/612026%' AND key LIKE '%metadata'");
  bucket.close();
  const { code, output } = await carryOver();
  expect(code).toBe(1);
  expect(output).toContain("kept 1.0 in team, the core metadata of kept-1.0-py3-none-any.whl: there is no such object");
});

test("a damaged database, or one of a newer version, is refused in a sentence", async () => {
  unpackState("0012", old);
  const file = simulatedFile(old, "d1");
  const database = new DatabaseSync(file);
  database.exec("INSERT INTO d1_migrations (name) VALUES ('9999_later.sql')");
  database.close();
  const newer = await carryOver();
  expect([newer.code, newer.output]).toEqual([
    1,
    expect.stringContaining("A newer pypi-edge has changed the database"),
  ]);
  writeFileSync(file, Buffer.concat([readFileSync(file).subarray(0, 8192), Buffer.alloc(90_000, 7)]));
  const damaged = await carryOver();
  expect([damaged.code, damaged.output]).toEqual([1, expect.stringMatching(/^\/.*d1.*\.sqlite is damaged \(/)]);
  writeFileSync(file, "no database");
  expect((await carryOver()).output).toMatch(/is damaged \(file is not a database\)/);
  expect(() => refuseSimulatorsState(made)).toThrow(/has only a part/);
});

test("what has something else in it, is in use, or has no such state is refused, and stays as it is", async () => {
  const refused = async () => {
    const { code, output } = await carryOver();
    return [code, output.trim()];
  };
  expect(await refused()).toEqual([
    1,
    `${old} is no state directory of an earlier version: it has no simulated database.`,
  ]);
  expect(readdirSync(folder)).toEqual([]);

  unpackState("0012", old);
  mkdirSync(made);
  writeFileSync(join(made, "mine.txt"), "mine");
  expect(await refused()).toEqual([1, `${made} is not empty. Name a directory that does not exist yet.`]);
  expect(readdirSync(made)).toEqual(["mine.txt"]);
  rmSync(made, { recursive: true });

  const lock = openState(old);
  expect(await refused()).toEqual([1, expect.stringContaining(`Another pypi-edge uses ${old}. Stop it`)]);
  lock.close();
  expect(existsSync(made)).toBe(false);

  expect((await refused())[0]).toBe(0);
  const done = filesOf(made);
  expect(await refused()).toEqual([1, `${made} is not empty. Name a directory that does not exist yet.`]);
  expect(filesOf(made)).toEqual(done);
});

test("a server that still answers for the old state is refused, another one at its address is none", async () => {
  unpackState("0012", old);
  let accepted = "Bearer the-admin-of-the-old-state";
  const server = createServer((request, response) => {
    response.statusCode = request.headers.authorization === accepted ? 200 : 401;
    response.end();
  }).listen(0, "127.0.0.1");
  try {
    await once(server, "listening");
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    noteAddress(old, address);
    const { code, output } = await carryOver();
    expect([code, output]).toEqual([1, expect.stringContaining(`The server of ${old} still answers at ${address}.`)]);
    accepted = "Bearer another";
    expect((await carryOver()).code).toBe(0);
  } finally {
    server.close();
  }
});

test("a directory that has a part of another state is refused", async () => {
  unpackState("0012", old);
  rmSync(blobOf(old, simulatedKeys(old, "hosted/")[0] ?? ""));
  expect((await carryOver()).code).toBe(1);
  const first = old;
  old = unpackState("0009", join(folder, "another"));
  const { code, output } = await carryOver();
  expect([code, output]).toEqual([1, expect.stringContaining(`${made} has a part of what is in ${first}.`)]);
});

test("of two databases none is taken", async () => {
  unpackState("0012", old);
  const file = simulatedFile(old, "d1");
  writeFileSync(file.replace(/[^/]+$/, `${"a".repeat(64)}.sqlite`), readFileSync(file));
  const { code, output } = await carryOver();
  expect([code, output]).toEqual([1, expect.stringMatching(/has 2 files, made under different ids in wrangler.toml/)]);
});

test.each(["", "/new", "/.."])("neither directory may lie in the other one: %j", async (end) => {
  unpackState("0012", old);
  made = `${old}${end}`;
  const before = filesOf(old);
  expect((await carryOver()).code).toBe(2);
  expect(filesOf(old)).toEqual(before);
});

test("a state directory of the simulators is refused with the command that carries it over", () => {
  unpackState("0012", old);
  const before = digestsIn(old);
  expect(() => refuseSimulatorsState(old)).toThrow(`npx pypi-edge carry-over "${old}" --state NEW`);
  expect(digestsIn(old)).toEqual(before);
  expect(() => refuseSimulatorsState(folder)).not.toThrow();
  expect(() => refuseSimulatorsState(join(folder, "none"))).not.toThrow();
});
