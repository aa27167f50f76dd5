import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "../lib/command-error.ts";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";
import { hashOfSources } from "./hash-of-sources.ts";
import { bundle, SERVER_ENTRIES } from "./bundle.ts";
import { messageOf } from "../../worker/errors.ts";

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
  const sources = await hashOfSources(SOURCES);
  if ((await readFile(stamp, "utf8").catch(() => "")) === sources) return server;
  // Built in a temporary folder and moved here whole: of two starts at once, neither must read the other's incomplete bundle.
  const draft = await mkdtemp(`${join(PROJECT_FOLDER, "dist")}-`);
  try {
    await bundle(SERVER_ENTRIES, draft, { sourcemap: true });
    await mkdir(DIST, { recursive: true });
    for (const file of await readdir(draft)) await rename(join(draft, file), join(DIST, file));
    await writeFile(stamp, sources);
  } catch (error) {
    throw new CommandError(`The server cannot be built: ${messageOf(error)}.`);
  } finally {
    await rm(draft, { recursive: true });
  }
  return server;
}
