import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { readSigningKey } from "../../../cli/air-gap/signing-key.ts";
import { bareVariables } from "../../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { run } from "../../../cli/demo/process.ts";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { pypiEdge } from "../../support/node/command.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { FarIndex } from "../../support/node/far-index.ts";
import { Rig } from "../../support/node/rig.ts";
import { consoleBlocks, replay } from "../../support/node/transcript.ts";
import { pipAndServer } from "../../support/node/transcript-pip.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../../docs/air-gap.md"), "utf8");
/** Without configuration files, whose comments look like headings. */
const TRANSCRIPTS = PAGE.replaceAll(/```toml\n[^]*?```\n/g, "");

const WHEELS = await Promise.all([
  buildWheel({ name: "acme-app", version: "1.0", requires: ["acme-lib"] }),
  buildWheel({ name: "acme-lib", version: "2.0" }),
]);

const PROJECT =
  '[project]\nname = "service"\nversion = "1.0"\nrequires-python = ">=3.9"\ndependencies = ["acme-app"]\n';

const folder = temporaryDirectory();
const home = inject("supplies").homes["uv-pip"];
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
  writeFileSync(join(folder, "pyproject.toml"), PROJECT);
  if (!home) return;
  const uv = await run("uv", ["lock", "--default-index", near.index], { cwd: folder, env: uvVariables() });
  if (uv.code !== 0) throw new Error(uv.output);
}, 120_000);
afterAll(async () => {
  await near?.close();
  await far?.close();
  removeDirectory(folder);
});

/** The variables with which uv works in the folder, on its own. */
function uvVariables() {
  const bin = join(folder, "uv-bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "uv"), `#!/bin/sh\nexec ${join(home?.site ?? "", "bin", "uv")} "$@"\n`, { mode: 0o755 });
  return {
    ...bareVariables(),
    PATH: `${bin}:${process.env["PATH"]}`,
    UV_NO_CONFIG: "1",
    UV_NO_CACHE: "1",
    UV_PYTHON_DOWNLOADS: "never",
    UV_HTTP_RETRIES: "0",
  };
}

/** Has a block run against one of the two servers; the block with what is printed. */
async function replayed(
  block: string | undefined,
  at: { readonly index: string; readonly state: string },
): Promise<string> {
  const pip = pipAndServer(folder, at);
  const uv = uvVariables();
  const env = { ...uv, ...pip, PATH: `${join(folder, "uv-bin")}:${pip.PATH}` };
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

const keyIn = (file: string) => readSigningKey(join(folder, file)).publicText;

/** The keys of the source in the configuration of a chapter, with those that were made here. */
function keyLines(heading: string, at: number): string {
  const chapter = PAGE.slice(PAGE.indexOf(`\n${heading}\n`));
  const [, lines = ""] = [...chapter.matchAll(/kind = "offline"\n([^]*?)\n(?:\n|```)/g)][at] ?? [];
  const real = { "office-2026": keyIn("owner.pem"), "office-2027": keyIn("office-2027.pem") };
  return lines.replaceAll(
    /(office-\d+) = "ed25519:[^"]*"/g,
    (_, name: keyof typeof real) => `${name} = "${real[name]}"`,
  );
}

test("docs/air-gap.md: a chain, as the page has it", async () => {
  const [first, imported, later, ordered] = consoleBlocks(TRANSCRIPTS, "## A chain, step by step");
  expect(await replayed(first, near)).toBe(normal(first));
  far = await FarIndex.open(keyIn("owner.pem"));
  expect(await replayed(imported, far)).toBe(normal(imported));
  expect(await replayed(later, near)).toBe(normal(later));
  expect(await replayed(ordered, far)).toBe(normal(ordered));
}, 120_000);

test("docs/air-gap.md: a uv.lock, as the page has it", async ({ skip }) => {
  skip(!home || !far, "there is no uv");
  if (!far) return;
  const [mapped] = consoleBlocks(TRANSCRIPTS, "## A uv.lock");
  expect(await replayed(mapped, far)).toBe(normal(mapped));
}, 120_000);

test("docs/air-gap.md: another key, as the page has it", async ({ skip }) => {
  skip(!far, "there is no chain");
  if (!far) return;
  const [made, refused] = consoleBlocks(TRANSCRIPTS, "## Another key");
  const newKey = made?.split("$ pypi-edge export step4")[0] ?? "";
  expect(await replayed(newKey, near)).toBe(normal(newKey));
  const rest = made?.slice(newKey.length).replace(/--since-key \S+/, `--since-key ${keyIn("owner.pem")}`);
  expect(await replayed(rest, near)).toBe(normal(rest));
  await far.changeKeys(keyLines("## Another key", 0));
  const [imported, late] = refused?.split(/(?=\$ pypi-edge import step5)/) ?? [];
  expect(await replayed(imported, far)).toBe(normal(imported));
  const words = ["export", "step5", "--index", "team", "--key", "owner.pem", "--since", "step4"];
  const access = [
    "--since-key",
    keyIn("office-2027.pem"),
    "--url",
    new URL("/", near.index).href,
    "--state",
    near.state,
  ];
  const { code, output } = await pypiEdge([...words, ...access], folder);
  expect(code, output).toBe(0);
  await far.changeKeys(keyLines("## Another key", 1));
  expect(await replayed(late, far)).toBe(normal(late));
}, 120_000);
