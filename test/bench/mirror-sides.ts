import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bareVariables } from "../../cli/demo/environment.ts";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { run } from "../../cli/demo/process.ts";
import { startProduct } from "../../cli/demo/product.ts";
import { Witness, type Access } from "../../cli/demo/witness.ts";
import { PROJECT_FOLDER } from "../../cli/lib/project-folder.ts";
import { UPLOADED, type Distribution } from "../support/node/fake-index/distribution.ts";
import { fakeIndex } from "../support/node/fake-index/fake-index.ts";
import { buildSdist } from "../support/node/fake-index/sdist.ts";
import { provideEnvironment } from "../support/node/provision.ts";
import { nameOf } from "./mirror/names.ts";

/*
 * pypi-edge and bandersnatch mirror the same generated upstream, on loopback: `node test/bench/mirror-sides.ts [PROJECTS]`. Each project
 * has a small wheel with `.metadata`, every second one an sdist. Time, requests of the upstream, and whether both have the same files.
 */

const PROJECTS = Number(process.argv[2] ?? 20_000);
const PATIENCE = 3_600_000;

const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Bytes that nothing looks into but for their digest: a mirror unpacks no wheel. */
function wheelOf(project: string): Distribution {
  const bytes = Buffer.from(`PK\u0003\u0004 the wheel of ${project}`);
  const metadata = Buffer.from(`Metadata-Version: 2.1\nName: ${project}\nVersion: 1.0\n`);
  const filename = `${project.replaceAll("-", "_")}-1.0-py3-none-any.whl`;
  return {
    project,
    version: "1.0",
    filename,
    bytes,
    sha256: digestOf(bytes),
    metadata,
    metadataSha256: digestOf(metadata),
  };
}

const content = Array.from({ length: PROJECTS }, (_, at) => {
  const project = nameOf(at);
  return at % 2 === 0 ? [wheelOf(project)] : [wheelOf(project), buildSdist(project, "1.0")];
}).flat();
const folder = temporaryDirectory();
const witness = await new Witness(fakeIndex(content, () => "pypi")).start();

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  witness.take();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1_000;
  const kinds = Object.entries(Object.groupBy(witness.take(), kindOf)).map(([kind, of]) => `${of?.length} ${kind}`);
  console.log(`${what}: ${seconds.toFixed(1)} s; ${kinds.toSorted().join(", ")}`);
}

function kindOf({ path: line }: Access): string {
  if (line.includes(".metadata")) return "of .metadata";
  if (line.includes("/packages/")) return "of files";
  return line.includes("/json") ? "of JSON" : "of pages";
}

async function ours(): Promise<Set<string>> {
  const config = join(folder, "bench.toml");
  writeFileSync(
    config,
    `[vars.UPSTREAMS.pypi]\nurl = "${witness.index}"\n[vars.UPSTREAMS.pypi.mirror]\nmax_requests_per_second = 1000\nserve = "complete"
[vars.INDEXES.default]\nsources = ["pypi"]\n`,
  );
  const state = join(folder, "state");
  const product = await startProduct(witness.index, state, { config });
  const mirror = async (...words: string[]) => {
    const command = [join(PROJECT_FOLDER, "bin", "pypi-edge.js"), "mirror", ...words, "--state", state];
    const { code, output } = await run(process.execPath, command, { cwd: folder, timeoutMs: PATIENCE });
    if (code !== 0) throw new Error(output);
  };
  await timed("pypi-edge", async () => {
    await mirror("add", "--all");
    await mirror("run", "--wait");
  });
  await timed("pypi-edge once more, nothing has changed", () => mirror("run", "--wait"));
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${product.pid}/status`, "utf8"))?.[1];
  console.log(`pypi-edge: ${Math.round(Number(peak) / 1_000)} MB of memory at most`);
  const headers = { Accept: "application/vnd.pypi.simple.v1+json" };
  const { projects } = (await (await fetch(product.index, { headers })).json()) as { projects: { name: string }[] };
  const files = new Set<string>();
  for (const { name } of projects) {
    const page = await (await fetch(new URL(`${name}/`, product.index), { headers })).json();
    const listed = page as { files: { filename: string; hashes: { sha256: string } }[] };
    for (const { filename, hashes } of listed.files) files.add(`${filename} ${hashes.sha256}`);
  }
  await product.stop();
  return files;
}

async function theirs(): Promise<Set<string> | undefined> {
  const environment = await provideEnvironment(["bandersnatch==6.8.0"]);
  if (!environment) return undefined;
  const directory = join(folder, "bandersnatch");
  mkdirSync(directory);
  const config = join(folder, "bandersnatch.conf");
  const own = `directory = ${directory}\nmaster = ${new URL(witness.index).origin}\nallow-non-https = true\napi-method = simple`;
  writeFileSync(config, `[mirror]\n${own}\nworkers = 3\nglobal-timeout = 36000\n[plugins]\nenabled =\n`);
  const env = { ...bareVariables(), HOME: folder, TMPDIR: folder };
  const bandersnatch = async () => {
    const words = ["-m", "bandersnatch", "-c", config, "mirror"];
    const { code, output } = await run(environment.python, words, { cwd: folder, env, timeoutMs: PATIENCE });
    if (code !== 0) throw new Error(output.slice(-2_000));
  };
  await timed("bandersnatch", bandersnatch);
  await timed("bandersnatch once more, nothing has changed", bandersnatch);
  const packages = readdirSync(join(directory, "web", "packages"), { recursive: true, withFileTypes: true });
  return new Set(
    packages
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => `${name} ${digestOf(readFileSync(join(parentPath, name)))}`),
  );
}

console.log(`${PROJECTS} projects, ${content.length} files, uploaded at ${UPLOADED}`);
try {
  const mirrored = await ours();
  const other = await theirs();
  if (!other) console.log("bandersnatch 6.8.0 cannot be had here.");
  else {
    const [missing, more] = [
      [...other].filter((file) => !mirrored.has(file)),
      [...mirrored].filter((file) => !other.has(file)),
    ];
    console.log(`${mirrored.size} and ${other.size} files; ${missing.length} only there, ${more.length} only here`);
  }
} finally {
  await witness.stop();
  removeDirectory(folder);
}
