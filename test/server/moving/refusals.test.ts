import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { IndexError } from "../../../worker/errors.ts";
import { folderPlace } from "../../../server/moving/folder-place.ts";
import { moveIn } from "../../../worker/storage/moving/move-in.ts";
import { LAST_MIGRATION } from "../../../schema/moving.ts";
import { moveOut } from "../../../worker/storage/moving/move-out.ts";
import { TEAM_TABLES } from "../../../worker/storage/moving/tables.ts";
import { fill, moveFolderInto, newFolder, movedObjectsOf, openDeployment, type Deployment } from "./rig.ts";

const source = await openDeployment();
await fill(source);
const whole = await movedObjectsOf(source);

/** The files of a move, by their paths. */
const files = await filesOf(source);
await source.close();

let folder: string;
let target: Deployment;
beforeEach(async () => {
  folder = newFolder();
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  target = await openDeployment();
});

async function filesOf({ platform }: Deployment): Promise<ReadonlyMap<string, Buffer>> {
  const made = newFolder();
  await moveOut(platform, folderPlace(made), () => true, Date.now);
  return new Map(pathsIn(made).map((path) => [path, readFileSync(join(made, path))]));
}

function pathsIn(made: string): string[] {
  const entries = readdirSync(made, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(made.length + 1))
    .toSorted();
}

/** Changes a text file of the move folder. */
function edit(path: string, change: (text: string) => string): void {
  const file = join(folder, "move", path);
  const [before, after] = [readFileSync(file, "utf8"), change(readFileSync(file, "utf8"))];
  if (before === after) throw new Error(`${path} was not changed`);
  writeFileSync(file, after);
}

const objectLines = () =>
  readFileSync(join(folder, "move/objects/000001.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { key: string; path: string; size: number });

/** The line of the object whose key is so. */
function lineOf(pattern: RegExp) {
  const line = objectLines().find(({ key }) => pattern.test(key));
  if (!line) throw new Error(`No key is ${pattern}`);
  return line;
}

const damage = (pattern: RegExp) => {
  const { path, size } = lineOf(pattern);
  writeFileSync(join(folder, path), Buffer.alloc(size, 7));
};

const WHEEL = /^hosted\/\w+\/\w+$/;
const MIRRORED = /mirrored-1\.0-py3-none-any\.whl$/;

/** The sentence with which the folder is refused. */
async function refusal(): Promise<string> {
  const error: unknown = await moveFolderInto(target, folder).catch((reason: unknown) => reason);
  if (error instanceof IndexError && error.kind === "unprocessable") return error.message;
  throw new Error("It was not refused in a sentence.", { cause: error });
}

/** How many rows of a team's are in the target. */
async function teamRows(): Promise<number> {
  const counts = TEAM_TABLES.map((table) => `(SELECT count(*) FROM ${table})`).join(" + ");
  return (await target.platform.database.prepare(`SELECT ${counts} AS n`).first<{ n: number }>())?.n ?? -1;
}

test("a move that is broken off after each file, and within each, is gone on with", async () => {
  const [made, place] = [newFolder(), folderPlace(folder)];
  const again = await openDeployment();
  await moveFolderInto(again, folder);
  let [runs, left] = [0, 0];
  const oneFile = () => left-- > 0;
  for (let isDone = false; !isDone; runs++) {
    left = 1;
    ({ isDone } = await moveOut(again.platform, folderPlace(made), oneFile, Date.now));
  }
  expect(runs).toBeGreaterThan(10);
  const [first, second] = [JSON.parse(String(files.get("move/manifest.json"))), readManifest(made)];
  expect({ ...second, id: first.id }).toEqual(first);
  expect(pathsIn(made)).toEqual([...files.keys()]);

  for (let isDone = false, writes = 0; !isDone; writes++) {
    let puts = 0;
    const { objects } = target.platform;
    // Each call dies a few objects further on than the one before.
    const dying = {
      ...objects,
      put: (...args: Parameters<typeof objects.put>) =>
        puts++ < writes ? objects.put(...args) : Promise.reject(new Error("killed")),
    };
    left = 1 + writes;
    const moved = await moveIn({ ...target.platform, objects: dying }, place, oneFile).catch(() => undefined);
    isDone = moved?.isDone ?? false;
  }
  expect(await movedObjectsOf(target)).toEqual(whole);
});

test("no file in the move folder is written twice within a second: R2 would refuse it", async () => {
  const place = folderPlace(newFolder());
  await moveFolderInto(target, folder);
  const written: string[] = [];
  const watched = {
    ...place,
    write: (path: string, bytes: Uint8Array) => (written.push(path), place.write(path, bytes)),
  };
  await moveOut(
    target.platform,
    watched,
    () => true,
    () => 0,
  );
  expect(written.length).toBeGreaterThan(10);
  expect(new Set(written).size).toBe(written.length);
});

const readManifest = (made: string) =>
  JSON.parse(readFileSync(join(made, "move/manifest.json"), "utf8")) as Record<string, unknown>;

test("a mirrored file with other bytes is left out, is counted, and is fetched again", async () => {
  damage(MIRRORED);
  const { path } = lineOf(/ümlaut/);
  rmSync(join(folder, path));
  expect(await moveFolderInto(target, folder)).toMatchObject({ isDone: true, left: 2 });
  expect(await movedObjectsOf(target)).toHaveLength(whole.length - 2);
  expect((await target.served()).map((each) => each.slice(0, 3))).toEqual(["200", "200", "200", "200"]);
  expect(target.upstream.asked).toEqual([expect.stringMatching(MIRRORED)]);
});

test("an uploaded file with other bytes is refused in a sentence, and a whole copy goes on from there", async () => {
  damage(WHEEL);
  expect(await refusal()).toMatch(
    /^The uploaded file hosted\/.* has other bytes than were moved out: .* copy the folder once more/,
  );
  expect(await teamRows()).toBe(0);
  const { path } = lineOf(WHEEL);
  writeFileSync(join(folder, path), "short");
  expect(await refusal()).toMatch(/has 5 bytes instead of \d+/);
  rmSync(join(folder, path));
  expect(await refusal()).toMatch(/^The uploaded file hosted\/.* is not there/);
  writeFileSync(join(folder, path), files.get(path) ?? "");
  expect(await moveFolderInto(target, folder)).toMatchObject({ isDone: true, left: 0 });
  expect(await movedObjectsOf(target)).toEqual(whole);
});

test("what is hosted is never overwritten by other bytes", async () => {
  const { key } = lineOf(WHEEL);
  await target.platform.objects.put(key, "of another team");
  expect(await refusal()).toContain(`${key} is here with other bytes than in the folder. Nothing was overwritten`);
  const bytes = await (await target.platform.objects.get(key))?.bytes();
  expect(Buffer.from(bytes ?? []).toString()).toBe("of another team");
});

test("a file that is already here stays, whatever the folder has", async () => {
  const { key } = lineOf(MIRRORED);
  await target.platform.objects.put(key, "newer", { customMetadata: { project: "mirrored" } });
  await moveFolderInto(target, folder);
  expect(await target.platform.objects.head(key)).toMatchObject({ size: 5, customMetadata: { project: "mirrored" } });
});

test("a deployment that has uploads, tokens or an audit log takes no others", async () => {
  await target.ask("/-/api/tokens", {
    method: "POST",
    body: JSON.stringify({ name: "own", index: "team", scopes: ["read"] }),
    headers: { "Content-Type": "application/json" },
  });
  const before = await teamRows();
  expect(before).toBeGreaterThan(0);
  expect(await refusal()).toContain("There are uploads, tokens or audit entries here already");
  expect([await teamRows(), await movedObjectsOf(target)]).toEqual([before, []]);
});

test("a folder that was moved in to its end is not moved in again", async () => {
  await moveFolderInto(target, folder);
  expect(await refusal()).toContain("This folder has been moved in to its end already");
});

test("rows that are written while a deployment is moved in are told of", async () => {
  let left = 4;
  await moveIn(target.platform, folderPlace(folder), () => left-- > 0);
  await target.platform.database
    .prepare("INSERT INTO audit SELECT 1, 1, 'admin', 'admin', '', 'token.create', 'team', '', '', '{}'")
    .run();
  expect(await refusal()).toContain("The table audit has got other rows here since the move began.");
});

test("a row names no file whose bytes are not there", async () => {
  const { key } = lineOf(WHEEL);
  edit("objects/000001.jsonl", (text) =>
    text
      .split("\n")
      .filter((line) => !line.includes(`"${key}"`))
      .join("\n"),
  );
  expect(await refusal()).toMatch(
    /^The bytes of the uploaded file hosted-1\.0-py3-none-any\.whl \(hosted\/\w+\/\w+\) are not there\./,
  );
});

test("a folder that is not whole is refused with what to do", async () => {
  rmSync(join(folder, "move/rows/000001.jsonl"));
  expect(await refusal()).toContain("move/rows/000001.jsonl is not there. Copy the folder once more");
  rmSync(join(folder, "move/manifest.json"));
  expect(await refusal()).toContain("There is no move/manifest.json");
});

test("a folder of another version is refused with both versions", async () => {
  edit("manifest.json", (text) => text.replace(LAST_MIGRATION, "0099_later.sql"));
  expect(await refusal()).toContain(`whose last migration is 0099_later.sql; the last one here is ${LAST_MIGRATION}`);
});

const CHANGES: readonly (readonly [path: string, found: RegExp, instead: string, sentence: string])[] = [
  ["manifest.json", /"format":1/, '"format":2', "move/manifest.json is damaged, or of another version"],
  ["objects/000001.jsonl", /^\{/, "[", "move/objects/000001.jsonl is damaged"],
  ["objects/000001.jsonl", /"key":"hosted/, '"key":"staging', "move/objects/000001.jsonl is damaged"],
  ["objects/000001.jsonl", /"path":"[^"]+"/, '"path":"../secret"', "has a path that move-out does not give"],
  ["rows/000001.jsonl", /"table":"\w+"/, '"table":"job"', "has rows of a table that is not moved: job"],
  ["rows/000001.jsonl", /"row":\{"/, '"row":{"x\\" FROM token--', "move/rows/000001.jsonl is damaged"],
  ["rows/000001.jsonl", /"changed_at":\d+/, '"changed_at":null', "Rows of the table page cannot be stored here"],
  ["rows/000001.jsonl", /"changed_at"/, '"later_column"', "Rows of the table page cannot be stored here"],
];

test("what move-out does not write is refused with what to do: other formats, keys, paths, tables, columns and values", async () => {
  for (const [path, found, instead, sentence] of CHANGES) {
    edit(path, (text) => text.replace(found, instead));
    expect(await refusal()).toContain(sentence);
    writeFileSync(join(folder, "move", path), files.get(`move/${path}`) ?? "");
  }
  expect(await moveFolderInto(target, folder)).toMatchObject({ isDone: true, left: 0 });
});

test("a damaged page is left out, and is fetched again", async () => {
  const file = join(folder, "move/values/000001.bin");
  const bytes = readFileSync(file);
  writeFileSync(file, Buffer.alloc(bytes.byteLength, 7));
  const { values, left } = await moveFolderInto(target, folder);
  expect([values, left]).toEqual([0, 1]);
  expect((await target.ask("/simple/mirrored/")).status).toBe(200);
  expect(target.upstream.asked).toHaveLength(1);
});
