import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MIGRATIONS } from "../../cli/lib/project-folder.ts";
import { openMachine, type Machine } from "../../server/machine.ts";
import { UnusableDatabase } from "../../server/unusable-database.ts";
import { textOf } from "./objects/support.ts";

let state: string;
let machine: Machine | undefined;
const said: string[] = [];

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "pypi-edge-damaged-"));
  said.length = 0;
});
afterEach(async () => {
  await machine?.close();
  machine = undefined;
  rmSync(state, { recursive: true });
});

const path = (name: string) => join(state, name);

async function open(): Promise<Machine> {
  machine = undefined;
  machine = await openMachine({ state, migrations: MIGRATIONS, consumers: [], log: (line) => said.push(line) });
  return machine;
}

/** Has something stored in each of the files, then closes them. */
async function used(): Promise<void> {
  const { platform, close } = await open();
  await platform.keyValue.put("page/a", "text");
  await platform.objects.put("hosted/a", "abc");
  await platform.fills.send({ source: "s", file: "f", part: "file" });
  await close();
}

const DAMAGES = {
  "full of zeros": (bytes: Buffer) => bytes.fill(0),
  "some text": () => "this is text, and no database ".repeat(100),
  "a database with a torn schema": (bytes: Buffer) => bytes.fill("x", 100, 4096),
} as const;
const damages = Object.keys(DAMAGES) as (keyof typeof DAMAGES)[];

const spoil = (name: string, damage: keyof typeof DAMAGES) =>
  writeFileSync(path(name), DAMAGES[damage](readFileSync(path(name))));

test.each(damages)("a cache that is %s is made anew, and a line in the log says so", async (damage) => {
  await used();
  spoil("cache.sqlite", damage);
  const { platform } = await open();
  expect(said).toEqual([`${path("cache.sqlite")} was damaged, and is made anew: what it had is fetched again.`]);
  expect((await platform.keyValue.getWithMetadata("page/a", "stream")).value).toBeNull();
  await platform.keyValue.put("page/a", "text");
  const { value } = await platform.keyValue.getWithMetadata("page/a", "stream");
  expect(await new Response(value).text()).toBe("text");
});

test.each(damages)("where the rows of objects are %s, a start says what to do, and that helps", async (damage) => {
  await used();
  spoil("objects.sqlite", damage);
  const start = open();
  await expect(start).rejects.toThrow(UnusableDatabase);
  await expect(start).rejects.toThrow(
    /objects\.sqlite is damaged, or no SQLite database \(.+\)\. Restore .+ Without a copy, move the file away, .+: files that were uploaded or carried here are found again/,
  );
  for (const end of ["", "-wal", "-shm"]) rmSync(path(`objects.sqlite${end}`), { force: true });
  const { platform } = await open();
  expect(await textOf(platform.objects, "hosted/a")).toBe("abc");
});

test.each(damages)("where the queues are %s, a start says what to do", async (damage) => {
  await used();
  spoil("queues.sqlite", damage);
  await expect(open()).rejects.toThrow(
    /queues\.sqlite is damaged, .+ move the file away, .+: what it had to do is lost/,
  );
});
