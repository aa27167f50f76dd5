import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { consoleBlocks, replay } from "../../support/node/transcript.ts";
import { pipAndServer } from "../../support/node/transcript-pip.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/three-ways.md"), "utf8");

const WHEELS = await Promise.all([
  buildWheel({ name: "acme-app", version: "1.0", requires: ["acme-lib"] }),
  buildWheel({ name: "acme-lib", version: "2.0" }),
  buildWheel({ name: "acme-other", version: "1.0" }),
]);

const folder = temporaryDirectory();
afterAll(() => removeDirectory(folder));

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.open(fakeIndex(WHEELS, () => "pypi"));
});
afterEach(() => rig.close());

/** Has a block run, each time in an empty environment; the block with what is printed. */
async function replayed(block = "", away = false): Promise<string> {
  if (away) await rig.witness.stop();
  const env = pipAndServer(folder, rig);
  const places = {
    "http://127.0.0.1:8787": new URL(rig.index).origin,
    "upstream.example": new URL(rig.witness.index).host,
  };
  return normal(await replay(block, { folder, places, env }));
}

/** Without what differs from run to run. */
const normal = (text = "") =>
  text
    .replaceAll(/[\d.,]+ (?:B|kB|MB)\b/g, "N B")
    // A run takes over from the one that `add` has begun, wherever that is.
    .replaceAll(/: \d+ requests, \d+ files/g, ": N requests, N files")
    .replaceAll(/in \d+ s; [\d.]+ requests/g, "in N s; N requests")
    .replaceAll(/; \d+ s at the pace/g, "; N s at the pace")
    .replaceAll(/\n+/g, "\n")
    .trim();

test("docs/three-ways.md: a wheelhouse, as the page has it", async () => {
  const locked = WHEELS.slice(0, 2).map(({ project, version }) => `${project}==${version}\n`);
  writeFileSync(join(folder, "requirements.txt"), locked.join(""));
  const [made, installed] = consoleBlocks(PAGE, "## Wheelhouse");
  expect(await replayed(made)).toBe(normal(made));
  expect(await replayed(installed, true)).toBe(normal(installed));
}, 120_000);

test("docs/three-ways.md: a cache, as the page has it", async () => {
  const [first, again] = consoleBlocks(PAGE, "## Cache");
  expect(await replayed(first)).toBe(normal(first));
  expect(await replayed(again, true)).toBe(normal(again));
}, 120_000);

test("docs/three-ways.md: a mirror, as the page has it", async () => {
  const [filled, installed] = consoleBlocks(PAGE, "## Mirror");
  expect(await replayed(filled)).toBe(normal(filled));
  expect(await replayed(installed, true)).toBe(normal(installed));
}, 120_000);
