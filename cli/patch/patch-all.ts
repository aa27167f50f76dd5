import { mkdirSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ForkBody, ShownFork } from "../../schema/fork.ts";
import { counted } from "../../worker/pypi/counted.ts";
import { asFilename } from "../../worker/pypi/filename.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import { matcher } from "../../worker/pypi/pattern.ts";
import { isSameVersion } from "../../worker/pypi/pep440.ts";
import { versionOf } from "../../worker/pypi/version.ts";
import { CommandError } from "../lib/command-error.ts";
import type { ServerAccess } from "../lib/server-address.ts";
import { uploadApi, RefusedUpload, RetryableFailure } from "../upload/api.ts";
import { sendUpload } from "../upload/send.ts";
import { applyPatches } from "./apply.ts";
import { installerAccess, releasesOf, type BaseFile, type BaseKind, type Releases } from "./base.ts";
import { build } from "./build.ts";
import { forkVersion } from "./local-version.ts";
import { filesOfRelease } from "./own-forks.ts";
import type { PatchFile } from "./patch-file.ts";
import { setVersion } from "./set-version.ts";
import { unpackSdist, unpackZip } from "./unpack.ts";
import { packWheel } from "./wheel.ts";

/** A fork that is to be made. */
export interface Patching {
  readonly server: ServerAccess;
  readonly index: string;
  readonly project: ProjectName;
  /** Of the upstream's release. */
  readonly version: string;
  readonly kind: BaseKind;
  readonly patches: readonly PatchFile[];
  readonly reason: string;
  /** The local label; undefined: the index's name and a number. */
  readonly label: string | undefined;
  /** Those that the index has, and had. */
  readonly forks: readonly ShownFork[];
  /** Patterns of names that hide no upstream's releases in the index. */
  readonly merge: readonly string[];
  /** Build it, and upload nothing. */
  readonly dryRun: boolean;
  /** An empty folder for all that is unpacked and built. */
  readonly folder: string;
  /** Says what was done, as it is done. */
  readonly say: (line: string) => void;
}

/** A fork that is in the index, or in the folder where nothing was uploaded. */
export interface Patched {
  readonly project: ProjectName;
  readonly version: string;
  readonly files: readonly string[];
  /** Whether it was there before. */
  readonly wasThere: boolean;
}

const hiding = (index: string, project: ProjectName) =>
  new CommandError(
    `${index} would hide the upstream's releases of ${project} as soon as it hosts a file of it. Add it to the index in the configuration first, and restart or deploy: merge = ["${project}"]`,
  );

/**
 * Patches a release, builds it and uploads it. A second run after any end finds what the first has uploaded, and does the rest.
 *
 * @throws CommandError where a step is not possible; nothing is uploaded before all files are built
 */
export async function patchRelease(patching: Patching): Promise<Patched> {
  const { server, index, project, version, kind, folder, say } = patching;
  const access = installerAccess(server, index);
  const releases = await releasesOf(project, access);
  try {
    // Only of a project that is there: for a name that was mistyped no configuration is to be changed.
    if (!patching.merge.some((pattern) => matcher(pattern)(project))) throw hiding(index, project);
    const base = await releases.download(version, kind, made(folder, "base"));
    say(`${base.filename}: sha256 ${base.sha256}, as the index says.`);
    const before = patching.forks.find((fork) => isSameFork(fork, patching, base));
    const to = before?.version ?? forkVersion(version, index, patching.label, versionsOf(patching.forks, project));
    const there = before ? await filesOfRelease(server, index, project, to) : [];
    if (isComplete(there, kind)) return { project, version: to, files: there, wasThere: true };
    const output = made(folder, "dist");
    const files =
      there.length > 0
        ? await wheelOf(releases, to, folder, output, patching)
        : await buildAll(base, to, output, patching);
    for (const filename of files) {
      const name = asFilename(filename);
      if (isSameVersion((name && versionOf(name, project)) ?? "", to)) continue;
      throw new CommandError(
        `The build gave ${filename}, which is not of the version ${to}: its backend takes the version from a file that was not found. Change it in a patch.`,
      );
    }
    say(`Built: ${files.join(", ")}.`);
    if (!patching.dryRun) await uploadAll(files, output, base, patching);
    return { project, version: to, files: [...there, ...files], wasThere: false };
  } finally {
    await releases.close();
  }
}

function made(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

const versionsOf = (forks: readonly ShownFork[], project: ProjectName) =>
  forks.filter((fork) => fork.project === project).map(({ version }) => version);

/** Whether a fork was made of the same file with the same patches, and is offered; a label that is asked for must be its own. */
const isSameFork = (fork: ShownFork, { project, patches, label }: Patching, { sha256 }: BaseFile) =>
  fork.offered &&
  fork.project === project &&
  fork.base.sha256 === sha256 &&
  fork.patches.map((each) => each.sha256).join() === patches.map((each) => each.sha256).join() &&
  (label === undefined || fork.version.endsWith(`+${label.toLowerCase().replaceAll(/[-_]/g, ".")}`));

const isComplete = (files: readonly string[], kind: BaseKind) =>
  files.some((filename) => filename.endsWith(".whl")) &&
  (kind === "wheel" || files.some((filename) => filename.endsWith(".tar.gz")));

async function buildAll(base: BaseFile, to: string, output: string, patching: Patching): Promise<string[]> {
  const { version, kind, patches, folder, say } = patching;
  const source = made(folder, "source");
  const unpacked = made(source, "tree");
  const tree = kind === "sdist" ? await unpackSdist(base.path, unpacked) : unpacked;
  if (kind === "wheel") await unpackZip(base.path, unpacked);
  const changed = await applyPatches(tree, patches);
  for (const [at, { name }] of patches.entries())
    say(`${name}: applied, ${counted(changed[at] ?? 0, "file")} changed.`);
  if (kind === "wheel") return [await packWheel(tree, { filename: base.filename, from: version, to }, output)];
  const places = setVersion(tree, version, to);
  say(`The version is ${to} in ${places.length === 0 ? "no file; the backend is told it" : places.join(", ")}.`);
  return build(
    { source: tree, isPacked: false, version: to },
    output,
    installerAccess(patching.server, patching.index),
  );
}

/** The wheel of a fork whose sdist was uploaded before: built from that sdist, whose bytes another build might not give again. */
async function wheelOf(
  releases: Releases,
  version: string,
  folder: string,
  output: string,
  { server, index }: Patching,
): Promise<string[]> {
  const { path } = await releases.download(version, "sdist", made(folder, "published"));
  return build({ source: path, isPacked: true, version }, output, installerAccess(server, index));
}

async function uploadAll(
  files: readonly string[],
  output: string,
  { filename, sha256 }: BaseFile,
  { server, index, version, patches, reason, say }: Patching,
): Promise<void> {
  const fork: ForkBody = {
    base: { version, filename, sha256 },
    patches: patches.map(({ name, bytes }) => ({ name, content: bytes.toString("base64") })),
    reason,
  };
  const api = uploadApi(server);
  for (const each of files) {
    const path = join(output, each);
    const { size } = await stat(path);
    try {
      await sendUpload({ path, filename: each, size, fork }, { api, index, show: () => undefined, sleep });
    } catch (error) {
      if (error instanceof RefusedUpload) throw new CommandError(`${each} was refused: ${error.message}`);
      if (error instanceof RetryableFailure)
        throw new CommandError(`${each}: ${error.message}. Run the command again: it goes on.`, "unreachable");
      throw error;
    }
    say(`Published ${each} in ${index}.`);
  }
}
