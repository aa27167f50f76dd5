import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError, errorText } from "../lib/command-error.ts";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";
import { bundle, SERVER_ENTRIES } from "./bundle.ts";

/** What a package has ready. */
const PACKED = join(PROJECT_FOLDER, "dist", "package", "server", "serve.js");

/** What a clone builds. */
const DIST = join(PROJECT_FOLDER, "dist", "server");
const SOURCES = ["server", "worker", "schema", "package-lock.json"];

/**
 * The path of the server's bundle, which has the worker in it. In a clone it is rebuilt where a source has changed since
 * the last build; a package has it ready.
 */
export async function builtServer(): Promise<string> {
  if (!existsSync(join(PROJECT_FOLDER, "server"))) return PACKED;
  const server = join(DIST, "serve.js");
  const stamp = join(DIST, "sources.sha256");
  const sources = await hashOf(SOURCES);
  if ((await readFile(stamp, "utf8").catch(() => "")) === sources) return server;
  // Built in a temporary folder and moved here whole: of two starts at once, neither must read the other's incomplete bundle.
  const draft = await mkdtemp(`${join(PROJECT_FOLDER, "dist")}-`);
  try {
    await bundle(SERVER_ENTRIES, draft, { sourcemap: true });
    await mkdir(DIST, { recursive: true });
    for (const file of await readdir(draft)) await rename(join(draft, file), join(DIST, file));
    await writeFile(stamp, sources);
  } catch (error) {
    throw new CommandError(`The server cannot be built: ${errorText(error)}.`);
  } finally {
    await rm(draft, { recursive: true });
  }
  return server;
}

async function hashOf(sources: readonly string[]): Promise<string> {
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
