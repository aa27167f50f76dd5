import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { MIGRATIONS } from "../../cli/lib/project-folder.ts";
import { refuseSimulatorsState } from "../../cli/serve/simulators-state.ts";
import { openState } from "../../cli/serve/state.ts";
import { openMachine } from "../../server/machine.ts";
import { pypiEdge } from "../support/node/command.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => removeDirectory(folder));

const within = (name: string) => join(folder, name);

async function move(...words: string[]): Promise<string> {
  const { code, output } = await pypiEdge(words, folder);
  return `${code} ${output.trim()}`;
}

test("what move-out writes is stored by move-in, and a server refuses a directory that has only a part", async () => {
  const machine = await openMachine({ state: within("state"), migrations: MIGRATIONS, consumers: [], log: () => {} });
  await machine.platform.objects.put("list/4/one", "a listing", { customMetadata: { revision: "r" } });
  await machine.platform.objects.put("list/4/two", "another", { customMetadata: { revision: "s" } });
  await machine.close();

  expect(await move("move-out", "folder", "--state", "state")).toBe(
    "0 Written into folder: rows of the database (0), files (2, 16 B), pages and documents (0).",
  );
  const rows = within("folder/move/objects/000001.jsonl");
  const text = readFileSync(rows, "utf8");
  rmSync(rows);
  expect(await move("move-in", "folder", "--state", "new")).toMatch(
    /^1 .*move\/objects\/000001\.jsonl is not there\. Copy the folder once more, and run move-in again\.$/,
  );
  expect(() => refuseSimulatorsState(within("new"))).toThrow(`npx pypi-edge move-in FOLDER --state "${within("new")}"`);
  expect(await move("move-out", "again", "--state", "new")).toMatch(/^1 .*has only a part of what is to be in it/);

  writeFileSync(rows, text);
  expect(await move("move-in", "folder", "--state", "new")).toBe(
    "0 Stored in new: rows of the database (0), files (2, 16 B), pages and documents (0).",
  );
  expect(() => refuseSimulatorsState(within("new"))).not.toThrow();
});

test("move-in that is killed right after its last write is gone on with", async () => {
  const machine = await openMachine({ state: within("state"), migrations: MIGRATIONS, consumers: [], log: () => {} });
  await machine.close();
  await move("move-out", "folder", "--state", "state");
  await move("move-in", "folder", "--state", "new");
  // The mark is removed last.
  writeFileSync(within("new/carry-over.unfinished"), `${realpathSync(within("folder"))}\n`);
  expect(await move("move-in", "folder", "--state", "new")).toMatch(/^0 Stored in new/);
  expect(() => refuseSimulatorsState(within("new"))).not.toThrow();
});

test("a directory that is in use, is not empty, or is none is refused, and stays as it is", async () => {
  const machine = await openMachine({ state: within("state"), migrations: MIGRATIONS, consumers: [], log: () => {} });
  await machine.close();
  const lock = openState(within("state"));
  expect(await move("move-out", "folder", "--state", "state")).toContain("Another pypi-edge uses");
  lock.close();
  expect(existsSync(within("folder"))).toBe(false);
  expect(await move("move-out", "folder", "--state", "none")).toMatch(/^1 .*none is no state directory/);
  expect(existsSync(within("none"))).toBe(false);
  expect(await move("move-in", "folder", "--state", "new")).toMatch(/^1 .*folder has no folder "move"/);
  mkdirSync(within("folder/move"), { recursive: true });
  expect(await move("move-in", "folder", "--state", "state")).toMatch(/^1 .*state is not empty/);
});
