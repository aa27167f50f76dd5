import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { spaced } from "../../support/node/clients/refusals.ts";
import { pypiEdge } from "../../support/node/command.ts";
import { consoleBlocks, replay } from "../../support/node/transcript.ts";
import { pipAndServer } from "../../support/node/transcript-pip.ts";
import { CiStage } from "./ci-stage.ts";

const read = (page: string) => readFileSync(join(import.meta.dirname, "../../../docs", page), "utf8");
const [CI, LOCK_FILES] = [read("ci.md"), read("lock-files.md")];

const uv = inject("supplies").homes["uv-project"];

let stage: CiStage;
beforeAll(async () => {
  if (uv) stage = await CiStage.open(uv);
});
afterAll(() => stage?.close());
beforeEach(async () => {
  if (!uv) return;
  await stage.reset();
  await stage.rig.startAnew();
});

/** Has a block run beside the lock; a block of curl alone has no prompt. */
async function replayed(block = ""): Promise<string[]> {
  const { folder } = stage.place;
  const env = pipAndServer(folder, stage.rig);
  const places = { "http://127.0.0.1:8787": stage.root.slice(0, -1) };
  const command = block.includes("$ ") ? block : `$ ${block.replaceAll("\\\n", "")}`;
  return normal(await replay(command, { folder, places, env: { ...env, TOKEN: env.PYPI_EDGE_TOKEN } }));
}

/** Without sizes, times and what is stored before: a wheel may be, as soon as its .metadata was asked for. */
const normal = (text = "") =>
  text
    .replaceAll(/[\d.,]+ (?:B|kB|MB)\b/g, "N B")
    .replaceAll(/; [\d.]+ s\./g, "; N s.")
    .replaceAll(/^\d of 8 stored: .*\n/gm, "")
    .replaceAll(/\d (of these 8)/g, "N $1")
    .trim()
    .split("\n")
    .toSorted();

/** A lock in which these addresses are PyPI's. */
const asOfPypi = (lock: string) =>
  lock
    .replaceAll(stage.rig.witness.index, "https://pypi.org/simple")
    .replaceAll(new URL(stage.rig.witness.index).origin, "https://files.pythonhosted.org");

test.skipIf(!uv)("docs/ci.md: a lock is warmed and packed as a wheelhouse, as the page has it", async () => {
  // The project itself is the one that is from no index; uv has asked for what it needs to lock.
  writeFileSync(stage.lock, stage.original.replace('name = "app"', 'name = "lunch"'));
  for (const [, address = ""] of stage.original.matchAll(/url = "http:\/\/(.*?)"/g)) {
    expect((await fetch(`${stage.root}files/${address}.metadata`)).status).toBe(200);
  }
  const [warmed] = consoleBlocks(CI, "## Warm a lock");
  expect(await replayed(warmed)).toEqual(normal(warmed));
  const [made, withCurl] = consoleBlocks(CI, "## A wheelhouse");
  expect(await replayed(made)).toEqual(expect.arrayContaining(normal(made).filter((line) => line !== "…")));
  const tar = join(stage.place.folder, "wheelhouse.tar");
  const before = readFileSync(tar);
  rmSync(tar);
  await replayed(withCurl);
  expect(readFileSync(tar).equals(before)).toBe(true);
});

test.skipIf(!uv)("docs/ci.md: a lock with another digest is refused in the words of the page", async () => {
  writeFileSync(stage.lock, stage.original.replace("sha256:3e5ab5e2", "sha256:00000000"));
  const [written = ""] = [...CI.matchAll(/^```\n(uv\.lock line \d+: [^]*?)```$/gm)].map(([, text = ""]) => text);
  const { code, output } = await stage.rig.command("wheelhouse", stage.lock, "-o", join(stage.place.folder, "no.tar"));
  expect(code).toBe(1);
  expect(spaced(output.replaceAll(stage.root, "http://127.0.0.1:8787/"))).toContain(spaced(written));
});

test.skipIf(!uv)("docs/lock-files.md: a lock is mapped by the command and by curl, as the page has it", async () => {
  const canonical = asOfPypi(stage.original);
  writeFileSync(stage.lock, canonical);
  await pypiEdge(["lock", "local", stage.root, stage.lock], stage.place.folder);
  const local = readFileSync(stage.lock, "utf8");
  const [both] = consoleBlocks(LOCK_FILES, "# Lock files");
  expect(await replayed(both)).toEqual(normal(both));
  expect([local, readFileSync(stage.lock, "utf8")]).toEqual([expect.not.stringContaining("pypi.org"), local]);

  writeFileSync(stage.lock, stage.original);
  await replayed(consoleBlocks(LOCK_FILES, "## Without Node")[0]);
  expect(readFileSync(stage.lock, "utf8").split(`${stage.root}files/`)).toHaveLength(5);
});
