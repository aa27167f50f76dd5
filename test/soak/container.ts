import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../cli/demo/process.ts";
import { CommandError } from "../../cli/lib/command-error.ts";
import { PROJECT_FOLDER } from "../../cli/lib/project-folder.ts";

/** A user id that neither the image nor the system knows. */
export const CONTAINER_USER = 12_345;

/** The user and group that the image's volume belongs to. */
const [OWNER, GROUP] = [1_000, 0];

/** Throws a `CommandError` where nothing can be run as in a container here. */
export function requireContainers(): void {
  if (process.platform === "linux" && process.getuid?.() === 0 && process.execve && existsSync("/usr/bin/unshare"))
    return;
  throw new CommandError("--container needs Linux, root, unshare and setpriv.");
}

/**
 * Installs the package as the image has it, and makes its volume.
 *
 * @param folder where the package is installed; every user may read it afterwards
 * @param state the volume
 * @returns the words after `node` that start pypi-edge as in the image's container
 */
export async function installContainer(folder: string, state: string): Promise<string[]> {
  const package_ = join(folder, "opt");
  mkdirSync(package_, { recursive: true });
  for (const words of [
    ["pack", "--pack-destination", package_],
    ["install", "--offline", "--prefix", package_],
  ]) {
    const tarballs = readdirSync(package_).filter((name) => name.endsWith(".tgz"));
    const args = [...words, ...tarballs.map((name) => join(package_, name))];
    const { code, output } = await run("npm", args, { cwd: PROJECT_FOLDER });
    if (code !== 0) throw new CommandError(output);
  }
  chmodSync(folder, 0o755);
  mkdirSync(state);
  chownSync(state, OWNER, GROUP);
  chmodSync(state, 0o770);
  // The image's own words, with the places that they have here.
  const [, options = ""] =
    /^ENTRYPOINT \["node", (.*)\]$/m.exec(readFileSync(join(PROJECT_FOLDER, "Dockerfile"), "utf8")) ?? [];
  const words = (JSON.parse(`[${options}]`) as string[]).map((word) => word.replace("/opt/pypi-edge", package_));
  return [join(import.meta.dirname, "in-container.ts"), state, process.execPath, ...words, "serve"];
}
