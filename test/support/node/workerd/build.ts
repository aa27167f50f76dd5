import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { PROJECT_FOLDER } from "../../../../cli/lib/project-folder.ts";

const DIST = join(PROJECT_FOLDER, "dist", "workerd");
const SOURCES = ["worker", "schema", "wrangler.toml", "package-lock.json"];

/** The text of the bundle that is deployed to Cloudflare. It is rebuilt only when a source has changed since the last build. */
export async function deployedBundle(): Promise<string> {
  const bundle = join(DIST, "index.js");
  const stamp = join(DIST, "sources.sha256");
  const sources = await hashOf(SOURCES);
  if ((await readFile(stamp, "utf8").catch(() => "")) !== sources) {
    // Built in a temporary folder and moved here whole: of two starts at once, neither must read the other's incomplete bundle.
    const draft = await mkdtemp(`${join(PROJECT_FOLDER, "dist")}-`);
    try {
      await wrangler(["deploy", "--dry-run", "--outdir", draft]);
      await mkdir(DIST, { recursive: true });
      // The map leads from a stack in the log back to the sources.
      await rename(join(draft, "index.js.map"), `${bundle}.map`);
      await rename(join(draft, "index.js"), bundle);
      await writeFile(stamp, sources);
    } finally {
      await rm(draft, { recursive: true });
    }
  }
  return readFile(bundle, "utf8");
}

async function hashOf(sources: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const source of sources) {
    const path = join(PROJECT_FOLDER, source);
    const files = source.includes(".") ? [path] : await filesBelow(path);
    for (const file of files) hash.update(file.slice(PROJECT_FOLDER.length)).update(await readFile(file));
  }
  return hash.digest("hex");
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

async function wrangler(args: string[]): Promise<void> {
  const command = join(PROJECT_FOLDER, "node_modules", "wrangler", "bin", "wrangler.js");
  // Without these wrangler sends usage reports and checks for updates: pypi-edge may call the upstream only.
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
  try {
    await promisify(execFile)(process.execPath, [command, ...args], { cwd: PROJECT_FOLDER, env });
  } catch (error) {
    const output = error as { stdout?: string; stderr?: string };
    throw new Error(`The worker cannot be built:\n${output.stdout ?? ""}${output.stderr ?? String(error)}`, {
      cause: error,
    });
  }
}
