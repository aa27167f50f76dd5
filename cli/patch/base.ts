import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { asFilename } from "../../worker/pypi/filename.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import { isHigher, isSameVersion, isUpstreamFinal } from "../../worker/pypi/pep440.ts";
import { versionOf } from "../../worker/pypi/version.ts";
import { CommandError } from "../lib/command-error.ts";
import { indexPath } from "../lib/index-path.ts";
import type { ServerAccess } from "../lib/server-address.ts";
import { filesAtIndex } from "../migrate/simple-api.ts";
import { UnusableFile, type SourceFile } from "../migrate/source.ts";
import { namesUpTo } from "../../worker/pypi/names-up-to.ts";

/** The file that is patched: an sdist, or a wheel of Python code alone. */
export type BaseKind = "sdist" | "wheel";

/** A file of a release, on this disk. */
export interface BaseFile {
  readonly path: string;
  readonly filename: string;
  /** Lower-case hex, as the index's page has it; the bytes were compared with it. */
  readonly sha256: string;
}

/** The releases of a project in an index, while `close` has not been called. */
export interface Releases {
  /** Whether a release is listed, by any spelling of its version. */
  has(version: string): boolean;
  /** The newest final release without a local label that is not yanked: the upstream's. undefined where there is none. */
  readonly newestUpstream: string | undefined;
  /**
   * Copies the file of a release to a folder, verified.
   *
   * @throws CommandError where the release has no such file, or it cannot be had
   */
  download(version: string, kind: BaseKind, folder: string): Promise<BaseFile>;
  close(): Promise<void>;
}

/** The address and login by which installers reach an index. */
export interface InstallerAccess {
  readonly url: URL;
  /** `user:password`. */
  readonly login: string;
}

/** Throws a `CommandError` where the server has no address that an installer could use. */
export function installerAccess({ url, token, socket }: ServerAccess, index: string): InstallerAccess {
  if (socket === undefined) return { url: new URL(`${indexPath(index)}simple/`, url), login: `__token__:${token}` };
  throw new CommandError(
    "The server listens on a Unix socket, where no build backend can be fetched from. Name an address of it with --url.",
    "usage",
  );
}

/** Reads the page of a project. Throws a `CommandError` where it cannot be read. */
export async function releasesOf(project: ProjectName, { url, login }: InstallerAccess): Promise<Releases> {
  const { content, close } = await filesAtIndex(url, [project], login, "the token needs the scope read of this index");
  const [missing] = content.leftOut;
  if (missing) {
    await close();
    throw new CommandError(`${project} at ${url.href}: ${missing.reason}`);
  }
  const files = content.files.flatMap((file) => {
    const filename = asFilename(file.filename);
    const version = filename && versionOf(filename, project);
    return version === undefined ? [] : [{ ...file, version }];
  });
  // As the job `watch` looks: a release whose files are all yanked is one that no installer chooses.
  const offered = files.filter(({ yanked }) => yanked === undefined);
  const finals = [...new Set(offered.map(({ version }) => version))].filter(isUpstreamFinal);

  return {
    close,
    newestUpstream: finals.reduce<string | undefined>(
      (newest, each) => (newest === undefined || isHigher(each, newest) ? each : newest),
      undefined,
    ),
    has: (version) => files.some((file) => isSameVersion(file.version, version)),
    async download(version, kind, folder) {
      const own = filesOf(files, version).filter(({ filename }) => isOf(kind, filename));
      // Of two sdists, the one that every reader takes.
      const file = own.find(({ filename }) => !filename.endsWith(".zip")) ?? own[0];
      if (!file) throw new CommandError(missingFile(project, version, kind, files, url));
      const { filename, sha256 } = file;
      if (sha256 === undefined)
        throw new CommandError(`${filename}: its page has no sha256, so that it cannot be verified.`);
      const path = join(folder, filename);
      try {
        await file.onDisk(async (found) => copyFileSync(found.path, path));
      } catch (error) {
        if (error instanceof UnusableFile) throw new CommandError(`${filename}: ${error.message}`);
        throw error;
      }
      return { path, filename, sha256 };
    },
  };
}

type Versioned = SourceFile & { readonly version: string };

/** The files of a release, by any spelling of its version. */
const filesOf = (files: readonly Versioned[], version: string) =>
  files.filter((file) => isSameVersion(file.version, version));

/** The most releases that a refusal names. */
const NAMED = 5;

/** What is there in the place of a release that is not, the highest version first. */
function otherReleases(files: readonly Versioned[]): string {
  const all = [...new Set(files.map((file) => file.version))].toSorted((one, other) => (isHigher(one, other) ? -1 : 1));
  if (all.length === 0) return "which has no file of it";
  return `which has ${namesUpTo(all, NAMED)}`;
}

const isOf = (kind: BaseKind, filename: string) =>
  kind === "sdist" ? /\.(?:tar\.gz|zip)$/.test(filename) : /-none-any\.whl$/i.test(filename);

function missingFile(
  project: ProjectName,
  version: string,
  kind: BaseKind,
  files: readonly Versioned[],
  { href }: URL,
): string {
  const release = filesOf(files, version);
  if (release.length === 0) return `${project} ${version} is not at ${href}, ${otherReleases(files)}.`;
  const names = release.map(({ filename }) => filename).slice(0, 3);
  const advice =
    kind === "sdist"
      ? release.some(({ filename }) => isOf("wheel", filename))
        ? " Its wheel can be patched with --wheel."
        : " Fork the project from its repository."
      : " Patch its sdist, without --wheel.";
  const wanted = kind === "sdist" ? "sdist (*.tar.gz, *.zip)" : "wheel for every platform (*-none-any.whl)";
  return `${project} ${version} has no ${wanted}, only ${names.join(", ")}.${advice}`;
}
