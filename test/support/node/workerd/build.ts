import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { PROJECT_FOLDER } from "../../../../cli/lib/project-folder.ts";
import { hashOfSources } from "../../../../cli/build/hash-of-sources.ts";

const DIST = join(PROJECT_FOLDER, "dist", "workerd");
const SOURCES = ["worker", "schema", "wrangler.toml", "package-lock.json"];

/** The text of the bundle that is deployed to Cloudflare. It is rebuilt only when a source has changed since the last build. */
export async function deployedBundle(): Promise<string> {
  const bundle = join(DIST, "index.js");
  const stamp = join(DIST, "sources.sha256");
  const sources = await hashOfSources(SOURCES);
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
