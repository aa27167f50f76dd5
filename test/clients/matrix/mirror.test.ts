import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bareVariables, type Environment } from "../../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { freePort, run } from "../../../cli/demo/process.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { asProjectName } from "../../../worker/pypi/name.ts";
import { CLI, pypiEdge } from "../../support/node/command.ts";
import { readWheel } from "../../support/node/fake-index/content.ts";
import type { Distribution } from "../../support/node/fake-index/distribution.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { buildSdist } from "../../support/node/fake-index/sdist.ts";
import { provideEnvironment } from "../../support/node/provision.ts";

/*
 * All projects of the wheelhouse, some with sdists and pre-releases, mirrored by pypi-edge and by bandersnatch with the same filters.
 */

const PATIENCE = 900_000;
const HOUSE = process.env["WHEELHOUSE"];
// KILLS makes them fewer, or more.
const KILLS = Number(process.env["KILLS"] ?? 20);

/*
 * `latest` is not among them: bandersnatch counts releases that another filter leaves out, so that of a project whose newest release
 * is a pre-release it mirrors none.
 */
const FILTERS = `prereleases = false
deny = ["pip", "poetry*"]
max_project = "1MB"
`;

/** What each top-level project of the closure is tried with: those that have a wheel of their own to install. */
const INSTALLED = 50;

const folder = temporaryDirectory();
const within = (name: string) => join(folder, name);
let content: Distribution[] = [];
let witness: Witness;
const running = new Set<Product>();

beforeAll(async () => {
  if (HOUSE === undefined) return;
  const wheels = readdirSync(HOUSE).filter((name) => name.endsWith(".whl"));
  const read = await Promise.all(wheels.map((name) => readWheel(join(HOUSE, name))));
  content = read.map((wheel): Distribution => ({ ...wheel, project: asProjectName(wheel.project) ?? wheel.project }));
  const some = content.filter((_, at) => at % 5 === 0);
  for (const { project } of some) content.push(buildSdist(project, "0.1"), buildSdist(project, "999.0rc1"));
  witness = await new Witness(fakeIndex(content, () => "pypi")).start();
}, PATIENCE);
afterAll(async () => {
  for (const product of running) await product.stop();
  await witness?.stop();
  removeDirectory(folder);
});

async function start(name: string, mirror: string, filters = ""): Promise<Product> {
  const config = within(`${name}.toml`);
  writeFileSync(
    config,
    `[vars.UPSTREAMS.pypi]\nurl = "${witness.index}"\n[vars.UPSTREAMS.pypi.mirror]\nmax_requests_per_second = 1000\n${mirror}
[vars.UPSTREAMS.pypi.mirror.filters]\n${filters}\n[vars.INDEXES.default]\nsources = ["pypi"]\n`,
  );
  const product = await startProduct(witness.index, within(name), { config });
  running.add(product);
  return product;
}

async function stop(product: Product): Promise<void> {
  running.delete(product);
  await product.stop();
}

const mirror = (name: string, ...words: string[]) => pypiEdge(["mirror", ...words, "--state", within(name)], folder);

/** The digests of all files that the index lists and gives, by their names. */
async function filesAt(index: string): Promise<Map<string, string>> {
  const headers = { Accept: "application/vnd.pypi.simple.v1+json" };
  const { projects } = (await (await fetch(index, { headers })).json()) as { projects: { name: string }[] };
  const files = new Map<string, string>();
  for (const { name } of projects) {
    const page = new URL(`${name}/`, index);
    const listed = (await (await fetch(page, { headers })).json()) as { files: { filename: string; url: string }[] };
    for (const { filename, url } of listed.files) {
      const answer = await fetch(new URL(url, page));
      expect([filename, answer.status]).toEqual([filename, 200]);
      files.set(filename, digestOf(Buffer.from(await answer.arrayBuffer())));
    }
  }
  return files;
}

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const sorted = (files: ReadonlyMap<string, string>) => [...files].toSorted(([one], [other]) => (one < other ? -1 : 1));

/** The files below a folder, as bandersnatch lays them out. */
function filesBelow(root: string): Map<string, string> {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true });
  return new Map(
    paths
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [name, digestOf(readFileSync(join(parentPath, name)))] as const),
  );
}

async function bandersnatch({ python }: Environment): Promise<Map<string, string>> {
  const directory = within("bandersnatch");
  mkdirSync(directory);
  const config = within("bandersnatch.conf");
  writeFileSync(
    config,
    `[mirror]
directory = ${directory}
master = ${new URL(witness.index).origin}
allow-non-https = true
api-method = simple
workers = 3
json = false

[plugins]
enabled =
    prerelease_release
    size_project_metadata
    blocklist_project

[size_project_metadata]
max_package_size = 1000000

[blocklist]
packages =
    pip
    poetry
    poetry-core
    poetry-plugin-export
`,
  );
  const env = { ...bareVariables(), HOME: folder, TMPDIR: folder };
  const { code, output } = await run(python, ["-m", "bandersnatch", "-c", config, "mirror"], {
    cwd: folder,
    env,
    timeoutMs: PATIENCE,
  });
  expect(code, output).toBe(0);
  return filesBelow(join(directory, "web", "packages"));
}

const timed = async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
  witness.take();
  const began = performance.now();
  const result = await work();
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${what}: ${seconds.toFixed(1)} s, ${witness.take().length} requests of the upstream`);
  return result;
};

test(
  "bandersnatch and pypi-edge mirror the same files with the same filters",
  async ({ skip }) => {
    const environment = HOUSE === undefined ? null : await provideEnvironment(["bandersnatch==6.8.0"]);
    if (environment === null) return skip("no wheels for bandersnatch 6.8.0");
    const product = await start("filtered", 'serve = "complete"', FILTERS);
    await timed("pypi-edge", async () => {
      expect(await mirror("filtered", "add", "--all")).toMatchObject({ code: 0 });
      expect(await mirror("filtered", "run", "--wait")).toMatchObject({ code: 0 });
    });
    const theirs = await timed("bandersnatch", () => bandersnatch(environment));
    const ours = await filesAt(product.index);
    expect(ours.size).toBeGreaterThan(150);
    expect(sorted(ours)).toEqual(sorted(theirs));
    await stop(product);
    return undefined;
  },
  PATIENCE,
);

test(
  "with the upstream off, uv installs each project of the closure, and all of it is right",
  async ({ skip }) => {
    const environment = HOUSE === undefined ? null : await provideEnvironment(["uv==0.13.9"]);
    if (environment === null) return skip("no wheel of uv");
    const uv = join(environment.site, "bin", "uv");
    const product = await start("closure", 'serve = "complete"', 'pythons = ["3.11"]\nplatforms = ["linux_x86_64"]');
    const names = content
      .filter(({ filename }) => filename.endsWith(".whl"))
      .map(({ project }) => project)
      .filter((name, at, all) => all.indexOf(name) === at)
      .slice(0, INSTALLED);
    expect(await mirror("closure", "add", "--with-dependencies", ...names)).toMatchObject({ code: 0 });
    const { output } = await mirror("closure", "run", "--wait");
    // What the wheelhouse itself lacks is required of no client here.
    const { stdout } = await mirror("closure", "errors", "--json");
    const { errors } = JSON.parse(stdout) as { errors: { reason: string; isNote: boolean }[] };
    const failed = errors.filter(({ isNote, reason }) => !isNote && reason !== "the upstream has no such project");
    expect(failed, output).toEqual([]);
    await witness.stop();
    try {
      const refused: string[] = [];
      for (const name of names) {
        const options = ["--no-config", "--no-cache", "--default-index", product.index, "--python", environment.python];
        const target = within("target");
        const words = ["pip", "install", "--quiet", ...options, "--only-binary", ":all:", "--target", target, name];
        const { code, output: said } = await run(uv, words, { env: bareVariables(), timeoutMs: PATIENCE });
        if (code !== 0) refused.push(`${name}: ${said.slice(0, 300)}`);
        rmSync(target, { recursive: true, force: true });
      }
      expect(refused).toEqual([]);
    } finally {
      await witness.start();
    }
    await stop(product);
    return undefined;
  },
  PATIENCE,
);

test(
  "a fill that is killed at random moments ends in the same state",
  async ({ skip }) => {
    if (HOUSE === undefined) return skip("no wheelhouse");
    const whole = await start("killed", 'serve = "complete"', FILTERS);
    expect(await mirror("killed", "add", "--all")).toMatchObject({ code: 0 });
    await stop(whole);
    const port = await freePort();
    const words = ["serve", "--port", `${port}`, "--upstream", witness.index, "--state", within("killed"), "--quiet"];
    const config = ["--config", within("killed.toml")];
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [CLI, ...words, ...config, "--no-cron"], { stdio: "ignore", cwd: folder });
      const ended = once(child, "exit");
      await sleep(1_500 + Math.random() * 2_500);
      // As the minute's tick does, and an admin who is in a hurry.
      await mirror("killed", "run");
      await sleep(Math.random() * 1_500);
      child.kill("SIGKILL");
      await ended;
    }
    const product = await start("killed", 'serve = "complete"', FILTERS);
    // The lease of the run that was killed last ends in five minutes at most.
    const { code, output } = await mirror("killed", "run", "--wait");
    expect([code, output]).toEqual([0, expect.stringContaining("All of it is stored")]);
    const killed = await filesAt(product.index);
    await stop(product);
    const undisturbed = await start("undisturbed", 'serve = "complete"', FILTERS);
    expect(await mirror("undisturbed", "add", "--all")).toMatchObject({ code: 0 });
    expect(await mirror("undisturbed", "run", "--wait")).toMatchObject({ code: 0 });
    expect(sorted(killed)).toEqual(sorted(await filesAt(undisturbed.index)));
    await stop(undisturbed);
    return undefined;
  },
  PATIENCE,
);
