import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MIGRATIONS } from "../../../cli/lib/project-folder.ts";
import { backUp } from "../../../server/backup/backup.ts";
import { repair } from "../../../server/backup/repair.ts";
import { verifyFolder } from "../../../server/backup/verify-folder.ts";
import { verifyState } from "../../../server/backup/verify-state.ts";
import { moveIntoState } from "../../../server/moving/move.ts";
import { encodedIndex } from "../../../worker/advisories/stored-index.ts";
import { DAY } from "../../../worker/duration.ts";
import { CARRIED, fill, newFolder, movedObjectsOf, openDeployment, rowsOf } from "../moving/rig.ts";

const TEAM = [
  "hosted_file",
  "hosted_project",
  "hosted_provenance",
  "provenance",
  "trusted_root",
  "token",
  "audit",
  "carried_step",
  "carried_object",
  "carried_page",
];

/** Files below a folder, by their paths. */
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const hostedFile = (state: string) =>
  filesIn(join(state, "objects/hosted")).find((path) => !path.includes(".metadata")) ?? "";

function spoil(path: string): void {
  const bytes = readFileSync(path);
  const middle = bytes.byteLength >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  writeFileSync(path, bytes);
}

function change(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

/** Whatever is found without a row must be older than an upload that is under way. */
const age = (path: string) => utimesSync(path, new Date(Date.now() - DAY), new Date(Date.now() - DAY));

/** A closed state directory with something of each kind, which each test copies. */
let template = "";
const base = mkdtempSync(join(tmpdir(), "pypi-edge-backup-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(async () => {
  template = join(base, "state");
  const deployment = await openDeployment(template);
  await fill(deployment);
  await deployment.close();
});

function filledState(): string {
  const state = newFolder();
  cpSync(template, state, { recursive: true });
  return state;
}

test.each([false, true])(
  "a backup of a server that runs has what it has, and is restored whole (mirror: %s)",
  async (mirror) => {
    const deployment = await openDeployment(filledState());
    const { state } = deployment;
    const [folder, restored] = [newFolder(), newFolder()];
    const made = await backUp({ state, folder, migrations: MIGRATIONS, mirror });
    expect(made).toMatchObject({ hosted: 1, findings: [] });
    expect(existsSync(join(folder, "snapshot.sqlite"))).toBe(false);
    const sums = readFileSync(join(folder, "SHA256SUMS"), "utf8").trim().split("\n");
    for (const line of sums)
      expect(line.slice(0, 64)).toBe(
        createHash("sha256")
          .update(readFileSync(join(folder, line.slice(66))))
          .digest("hex"),
      );

    const objects = await movedObjectsOf(deployment);
    const served = await deployment.served();
    await deployment.close();
    await moveIntoState({ state: restored, folder, migrations: MIGRATIONS });
    expect(rowsOf(restored, TEAM)).toEqual(rowsOf(state, TEAM));
    expect(await verifyState(restored)).toMatchObject({ hosted: 1, findings: [] });
    const again = await openDeployment(restored);
    again.upstream.isAway = mirror;
    expect(await again.served()).toEqual(served);
    const keysOf = (all: readonly unknown[]) => all.map((each) => (each as string[])[0] ?? "");
    const kept = keysOf(objects).filter((key) => mirror || /^(?:carried|hosted)\//.test(key));
    expect(keysOf(await movedObjectsOf(again))).toEqual(expect.arrayContaining(kept));
  },
);

test.each([
  ["bit rot", spoil, "has other bytes than were stored"],
  ["a file that is gone", (path: string) => rmSync(path), "is not there"],
])("what was carried is in a backup, and stays where it is damaged: %s", async (_, damage, fault) => {
  const state = filledState();
  const { text, sha256 } = CARRIED[0] ?? { text: "", sha256: "" };
  const ofText = (below: string) => filesIn(below).find((path) => readFileSync(path, "utf8") === text) ?? "";
  const folder = newFolder();
  await backUp({ state, folder, migrations: MIGRATIONS, mirror: false });
  damage(ofText(join(state, "objects/carried")));
  const { findings } = await verifyState(state);
  const subject = `carried/${sha256}`;
  expect(findings).toEqual([{ kind: "carried-damaged", subject, fault: expect.stringContaining(fault) }]);
  await repair(state, MIGRATIONS, findings);
  expect(rowsOf(state, ["carried_object"])["carried_object"]).toHaveLength(1);
  rmSync(ofText(join(folder, "move/bytes")));
  expect((await verifyFolder(folder, { isNew: false })).findings).toMatchObject([{ kind: "carried-damaged" }]);
});

test.each([
  ["bit rot", spoil, "has other bytes than were stored"],
  ["a file that is gone", (path: string) => rmSync(path), "is not there"],
])("advisories that are damaged are found, and stay until others are loaded: %s", async (_, damage, fault) => {
  const deployment = await openDeployment(filledState());
  const body = encodedIndex({ entries: new Map(), records: new Map([["PYSEC-1", 1]]) });
  expect((await deployment.ask("/-/api/advisories", { method: "PUT", body })).status).toBe(200);
  const { state } = deployment;
  for (const file of filesIn(join(state, "objects/advisories"))) damage(file);
  const { findings } = await verifyState(state);
  expect(findings).toMatchObject([{ kind: "advisories-damaged", fault: expect.stringContaining(fault) }]);
  await deployment.close();
  await repair(state, MIGRATIONS, findings);
  change(join(state, "objects.sqlite"), "DELETE FROM object WHERE key LIKE 'advisories/%'");
  expect((await verifyState(state)).findings).toMatchObject([
    { kind: "advisories-damaged", fault: "has a row, but no object" },
  ]);
});

test("the trash is verified and in a backup, and what is in it can be restored after the backup was", async () => {
  const [state, folder, restored] = [filledState(), newFolder(), newFolder()];
  const deployment = await openDeployment(state);
  const release = "/-/api/indexes/team/projects/hosted/1.0";
  expect((await deployment.ask(release, { method: "DELETE" })).status).toBe(200);
  expect(await backUp({ state, folder, migrations: MIGRATIONS, mirror: false })).toMatchObject({
    hosted: 1,
    findings: [],
  });
  await deployment.close();
  await moveIntoState({ state: restored, folder, migrations: MIGRATIONS });
  const again = await openDeployment(restored);
  expect((await again.ask(`${release}/restore`, { method: "POST" })).status).toBe(200);
  await again.close();
  spoil(hostedFile(state));
  expect((await verifyState(state)).findings.map(({ kind }) => kind)).toEqual(["hosted-damaged"]);
});

test("a file that is uploaded after the snapshot has neither a row nor bytes in the backup", async () => {
  const deployment = await openDeployment(filledState());
  const key = `hosted/${"0".repeat(64)}/${"1".repeat(16)}`;
  await deployment.platform.objects.put(key, "of no row");
  const folder = newFolder();
  expect(await backUp({ state: deployment.state, folder, migrations: MIGRATIONS, mirror: true })).toMatchObject({
    findings: [],
  });
  expect(readFileSync(join(folder, "move/objects/000001.jsonl"), "utf8")).not.toContain(key);
});

test("faults of a state directory are found; what can be fetched again is healed, and no upload is touched", async () => {
  const state = filledState();
  expect((await verifyState(state)).findings).toEqual([]);

  const mirrored = filesIn(join(state, "objects/file")).find((path) => path.includes("mirrored-1.0")) ?? "";
  spoil(mirrored);
  change(
    join(state, "cache.sqlite"),
    "UPDATE key_value SET value = substr(value, 1, length(value) - 9) WHERE key LIKE 'page/%'",
  );
  const metadata = filesIn(join(state, "objects/hosted")).find((path) => path.includes(".metadata")) ?? "";
  change(join(state, "objects.sqlite"), "DELETE FROM object WHERE key LIKE 'hosted/%.metadata'");
  age(metadata);
  const found = await verifyState(state);
  expect(found.findings.map(({ kind }) => kind).toSorted()).toEqual([
    "file-without-row",
    "hosted-damaged",
    "mirrored-damaged",
    "page-damaged",
  ]);
  const upload = readFileSync(hostedFile(state));
  await repair(state, MIGRATIONS, found.findings);
  expect(readFileSync(hostedFile(state))).toEqual(upload);
  expect((await verifyState(state)).findings).toEqual([]);
  const healed = await openDeployment(state);
  expect((await healed.served()).every((line) => line.startsWith("200 "))).toBe(true);
  await healed.close();
});

test.each([
  ["bit rot", (file: string) => spoil(file), "hosted-damaged", "has other bytes than were stored"],
  ["a truncated file", (file: string) => truncateSync(file, 9), "hosted-damaged", "bytes instead of"],
  ["a file that is gone", (file: string) => rmSync(file), "hosted-damaged", "is not there"],
  [
    "a swapped file",
    (file: string) => {
      const other = filesIn(join(file, "../..")).find((path) => path.includes(".metadata")) ?? "";
      renameSync(file, `${file}.aside`);
      renameSync(other, file);
      renameSync(`${file}.aside`, other);
    },
    "hosted-damaged",
    "bytes instead of",
  ],
])("%s of an upload is reported by verify and by backup, and left as it is", async (_, harm, kind, fault) => {
  const state = filledState();
  harm(hostedFile(state));
  const before = filesIn(join(state, "objects/hosted"));
  const { findings } = await verifyState(state);
  expect(findings[0]).toMatchObject({ kind, fault: expect.stringContaining(fault) });
  const folder = newFolder();
  expect((await backUp({ state, folder, migrations: MIGRATIONS, mirror: false })).findings[0]).toMatchObject({ kind });
  expect(filesIn(join(state, "objects/hosted"))).toEqual(before);
});

test("an object whose row is missing is reported", async () => {
  const state = filledState();
  change(join(state, "database.sqlite"), "DELETE FROM hosted_file");
  change(join(state, "objects.sqlite"), "UPDATE object SET uploaded = 1");
  const { findings } = await verifyState(state);
  expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(["hosted-without-row"]));
});

test.each([
  ["a changed row", "move/rows/000001.jsonl", "backup-damaged"],
  ["a changed page", "move/values/000001.bin", "backup-damaged"],
  ["changed bytes", "move/bytes", "damaged"],
])("%s of a backup is found", async (_, below, kind) => {
  const folder = newFolder();
  await backUp({ state: template, folder, migrations: MIGRATIONS, mirror: true });
  const path = join(folder, below);
  const file = below.endsWith("bytes") ? (filesIn(path)[0] ?? "") : path;
  // A digit for another one: the line can still be read.
  if (below.endsWith(".jsonl"))
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(/\d(?=[,}\]])/, (n) => String((+n + 1) % 10)),
    );
  else spoil(file);
  const { findings } = await verifyFolder(folder, { isNew: false });
  expect(findings).toMatchObject([{ kind: expect.stringContaining(kind) }]);
});
