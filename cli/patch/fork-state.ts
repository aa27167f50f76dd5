import { join } from "node:path";
import type { ShownFork } from "../../schema/fork.ts";
import { makeFolder } from "../../server/make-folder.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { isHigher } from "../../worker/pypi/pep440.ts";
import { CommandError } from "../lib/command-error.ts";
import type { ServerAccess } from "../lib/server-address.ts";
import { applyPatches } from "./apply.ts";
import { installerAccess, releasesOf, type Releases } from "./base.ts";
import { patchesOf } from "./own-forks.ts";
import { unpackSdist, unpackZip } from "./unpack.ts";

/** A fork beside what the upstream has. */
export interface ForkState {
  readonly fork: ShownFork;
  /** `outdated`: the upstream has a newer final release than the base. `unknown`: the project's page could not be read. */
  readonly state: "current" | "outdated" | "unknown";
  /** The upstream's newest final release. */
  readonly newest: string | undefined;
  /** Whether the patches apply to that release, or a sentence why not; undefined where it was not tried. */
  readonly applies: true | string | undefined;
  /** The ids of advisories on the base. */
  readonly advisories: readonly string[];
}

/**
 * Compares a fork with the upstream's releases, and tries its patches on the newest one.
 *
 * @param tries whether to try them; `folder`, which is empty, gets the release
 */
export async function forkState(
  server: ServerAccess,
  index: string,
  fork: ShownFork,
  { folder, tries }: { readonly folder: string; readonly tries: boolean },
): Promise<ForkState> {
  const { advisories } = fork;
  let releases: Releases;
  try {
    releases = await releasesOf(parseProjectName(fork.project), installerAccess(server, index));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { fork, state: "unknown", newest: undefined, applies: error.message, advisories };
  }
  try {
    const newest = releases.newestUpstream;
    if (newest === undefined || !isHigher(newest, fork.base.version))
      return { fork, state: "current", newest, applies: undefined, advisories };
    const applies = tries ? await tried(server, index, fork, releases, newest, folder) : undefined;
    return { fork, state: "outdated", newest, applies, advisories };
  } finally {
    await releases.close();
  }
}

async function tried(
  server: ServerAccess,
  index: string,
  fork: ShownFork,
  releases: Releases,
  version: string,
  folder: string,
): Promise<true | string> {
  const source = join(folder, "source");
  const tree = join(source, "tree");
  makeFolder(tree);
  try {
    const kind = fork.base.filename.endsWith(".whl") ? "wheel" : "sdist";
    const { path } = await releases.download(version, kind, folder);
    const root = kind === "sdist" ? await unpackSdist(path, tree) : tree;
    if (kind === "wheel") await unpackZip(path, tree);
    await applyPatches(root, await patchesOf(server, index, fork));
    return true;
  } catch (error) {
    if (error instanceof CommandError) return error.message;
    throw error;
  }
}
