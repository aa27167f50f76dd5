import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSigningKey } from "../../../cli/air-gap/signing-key.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { pypiEdge } from "../../support/node/command.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { FarIndex } from "../../support/node/far-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { consoleBlocks, replay } from "../../support/node/transcript.ts";
import { pipAndServer } from "../../support/node/transcript-pip.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/air-gap.md"), "utf8");

const WHEELS = await Promise.all([
  buildWheel({ name: "acme-app", version: "1.0", requires: ["acme-lib"] }),
  buildWheel({ name: "acme-lib", version: "2.0" }),
]);

const folder = temporaryDirectory();
let near: Rig;
let far: FarIndex | undefined;

beforeAll(async () => {
  near = await Rig.open(fakeIndex(WHEELS, () => "pypi"));
  const locked = WHEELS.map(({ project, version, sha256 }) => `${project}==${version} --hash=sha256:${sha256}\n`);
  writeFileSync(join(folder, "requirements.txt"), locked.join(""));
  const own = await buildWheel({ name: "acme-tools", version: "1.0" });
  writeFileSync(join(folder, own.filename), own.bytes);
  const access = ["--index", "team", "--url", new URL("/", near.index).href, "--state", near.state];
  const { code, output } = await pypiEdge(["upload", own.filename, ...access], folder);
  if (code !== 0) throw new Error(output);
});
afterAll(async () => {
  await near?.close();
  await far?.close();
  removeDirectory(folder);
});

/** Has a block run against one of the two servers; the block with what is printed. */
async function replayed(
  block: string | undefined,
  at: { readonly index: string; readonly state: string },
): Promise<string> {
  const env = pipAndServer(folder, at);
  return normal(
    await replay(block ?? "", { folder, places: { "http://127.0.0.1:8787": new URL(at.index).origin }, env }),
  );
}

/** Without what differs from run to run. */
const normal = (text = "") =>
  text
    .replaceAll(/[\d.,]+ (?:B|kB|MB)\b/g, "N B")
    .replaceAll(/ed25519:[\w+/=]+/g, "ed25519:KEY")
    .replaceAll(/\n+/g, "\n")
    .trim();

test("docs/air-gap.md: a chain, as the page has it", async () => {
  const [first, imported, later, ordered] = consoleBlocks(PAGE, "## A chain, step by step");
  expect(await replayed(first, near)).toBe(normal(first));
  far = await FarIndex.open(readSigningKey(join(folder, "owner.pem")).publicText);
  expect(await replayed(imported, far)).toBe(normal(imported));
  expect(await replayed(later, near)).toBe(normal(later));
  expect(await replayed(ordered, far)).toBe(normal(ordered));
}, 120_000);
