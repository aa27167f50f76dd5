import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../../server/make-folder.ts";
import { CommandError } from "../lib/command-error.ts";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";
import { hashOfSources } from "./hash-of-sources.ts";
import { bundle, COMMAND_ENTRIES, SERVER_ENTRIES } from "./bundle.ts";
import { pathErrorText } from "../../server/file-errors.ts";

/** What a package has ready. */
const PACKED = join(PROJECT_FOLDER, "dist", "package", "server", "serve.js");

/** What a clone builds, by its folder in `dist`, and what it is built of. */
const BUNDLES = {
  server: { entries: SERVER_ENTRIES, sources: ["server", "worker", "schema", "package-lock.json"] },
  commands: { entries: COMMAND_ENTRIES, sources: ["cli", "server", "worker", "schema", "package-lock.json"] },
} as const;

/**
 * The path of the server's bundle, which has the worker in it. In a clone it is rebuilt where a source has changed since
 * the last build; a package has it ready.
 */
export async function builtServer(): Promise<string> {
  if (!existsSync(join(PROJECT_FOLDER, "server"))) return PACKED;
  return join(await built("server"), "serve.js");
}

/** The path of the commands' bundle in a clone: it starts in half the time that the sources need. */
export async function builtCommands(): Promise<string> {
  return join(await built("commands"), "pypi-edge.js");
}

/** The folder of a bundle. It is rebuilt where a source has changed since the last build. */
async function built(name: keyof typeof BUNDLES): Promise<string> {
  const { entries, sources } = BUNDLES[name];
  const folder = join(PROJECT_FOLDER, "dist", name);
  const stamp = join(folder, "sources.sha256");
  const hash = await hashOfSources(sources);
  if ((await readFile(stamp, "utf8").catch(() => "")) === hash) return folder;
  // Built in a temporary folder and moved here whole: of two starts at once, neither must read the other's incomplete bundle.
  const draft = await mkdtemp(`${join(PROJECT_FOLDER, "dist")}-`);
  try {
    await bundle(entries, draft, { sourcemap: true });
    makeFolder(folder);
    for (const file of await readdir(draft)) await rename(join(draft, file), join(folder, file));
    await writeFile(stamp, hash);
  } catch (error) {
    throw new CommandError(`The ${name} cannot be built: ${pathErrorText(error)}.`);
  } finally {
    await rm(draft, { recursive: true });
  }
  return folder;
}
