import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { MIGRATIONS } from "../../cli/lib/project-folder.ts";
import { openState } from "../../cli/serve/state.ts";
import { openMachine, type Machine } from "../../server/machine.ts";
import { pypiEdge } from "../support/node/command.ts";

const folder = temporaryDirectory();
const within = (name: string) => join(folder, name);

/** A state directory that is in use, as a server has it. */
let machine: Machine;
let lock: { close(): void };
const HOSTED = "an upload";
beforeAll(async () => {
  mkdirSync(within("state"));
  lock = openState(within("state"));
  machine = await openMachine({ state: within("state"), migrations: MIGRATIONS, consumers: [], log: () => {} });
  const { objects, database } = machine.platform;
  const digest = createHash("sha256").update(HOSTED).digest("hex");
  const object = `hosted/${digest}/0123456789abcdef`;
  await objects.put(object, HOSTED, { sha256: digest });
  await database
    .prepare(
      `INSERT INTO hosted_file (index_name, project, identity, filename, version, sha256, size, object, uploaded_at)
       VALUES ('team', 'acme', 'acme-1.tar.gz', 'acme-1.tar.gz', '1', ?1, ${HOSTED.length}, ?2, 1)`,
    )
    .bind(digest, object)
    .run();
  await objects.put("list/4/one", "a listing");
});
afterAll(async () => {
  await machine.close();
  lock.close();
  removeDirectory(folder);
});

async function edge(...words: string[]): Promise<string> {
  const { code, output } = await pypiEdge(words, folder);
  return `${code} ${output.trim()}`;
}

const ONE = "hosted files (1), all files (1, 9 B), pages and documents (0).";

test("a tarball is written while a server runs, and restored into a new state directory", async () => {
  expect(await edge("backup", "one.tar", "--state", "state")).toBe(`0 Written into one.tar and read again: ${ONE}`);
  expect(existsSync(within("one.tar.unfinished"))).toBe(false);
  expect(await edge("restore", "one.tar", "--state", "new")).toBe(`0 Restored in new and read again: ${ONE}`);
  expect(readdirSync(folder).filter((name) => name.startsWith("new."))).toEqual([]);
  expect(await edge("verify", "--state", "new")).toBe(`0 Verified: ${ONE}`);
  expect(await edge("backup", "one.tar", "--state", "state")).toMatch(/^1 .*one\.tar is a backup already/);
  expect(await edge("restore", "one.tar", "--state", "new")).toMatch(/^1 .*new is not empty/);
});

test("a folder that is damaged is found by verify, and nothing of it is restored", async () => {
  expect(await edge("backup", "all", "--mirror", "--state", "state")).toContain("all files (2, 18 B)");
  expect(await edge("verify", "all")).toMatch(/^0 Verified: /);
  cpSync(within("all"), within("bad"), { recursive: true });
  const bytes = readdirSync(within("bad/move/bytes"), { recursive: true, withFileTypes: true }).find((each) =>
    each.isFile(),
  );
  writeFileSync(join(bytes?.parentPath ?? "", bytes?.name ?? ""), "other by");
  expect(await edge("verify", "bad")).toMatch(/^1 .*damaged.* has other bytes than were stored/s);
  expect(await edge("restore", "bad", "--state", "from-bad")).toMatch(/^1 .*bad is damaged, and nothing was restored/);
  expect(existsSync(within("from-bad"))).toBe(false);
});

test("what is no backup, no state directory or no new folder is refused with what to do", async () => {
  mkdirSync(within("other"));
  writeFileSync(within("other/file"), "");
  writeFileSync(within("odd.tar"), "no tar");
  expect(await edge("backup", "other", "--state", "state")).toMatch(/^1 .*other is not empty\. Name a folder/);
  expect(await edge("backup", "b", "--state", "none")).toMatch(/^1 .*none is no state directory/);
  expect(existsSync(within("b"))).toBe(false);
  expect(await edge("restore", "none", "--state", "x")).toMatch(/^1 There is no .*none\./);
  expect(await edge("restore", "odd.tar", "--state", "x")).toMatch(/^1 .*odd\.tar cannot be unpacked/);
  expect(await edge("restore", "one.tar", "--state", "new")).toMatch(/^1 .*new is not empty/);
  expect(await edge("restore", "one.tar", "--state", "odd.tar")).toMatch(/^1 .*odd\.tar is a file\. Name a directory/);
  expect(await edge("restore", "other", "--state", "x")).toMatch(/^1 .*other is no backup: it has no folder "move"/);
  expect(await edge("backup", "other/file", "--state", "state")).toMatch(/^1 .*file is a file\. Name a folder/);
  expect(readdirSync(folder).filter((name) => name.endsWith(".unpacked"))).toEqual([]);
  expect(await edge("verify", "other")).toMatch(/^1 .*other is no folder of a backup/);
  expect(await edge("verify", "other", "--repair")).toMatch(/^2 --repair is for a state directory/);
  expect(await edge("verify", "--repair", "--state", "state")).toMatch(/^1 Another pypi-edge uses/);
  expect(existsSync(within("x"))).toBe(false);
  rmSync(within("other"), { recursive: true });
});

test("a state directory without one of its files is told of, and the command ends", async () => {
  cpSync(within("state"), within("without"), { recursive: true, filter: (path) => !path.includes("cache.sqlite") });
  expect(await edge("backup", "some.tar", "--state", "without")).toMatch(
    /^1 The backup .*some\.tar did not come to its end: .*cache\.sqlite is not there; a server .* makes it anew/,
  );
});
