import { badRequest } from "../errors.ts";
import { asFilename, type Filename } from "./filename.ts";
import type { ProjectName } from "./name.ts";
import { canonicalVersion, normalVersion } from "./pep440.ts";
import { versionOf } from "./version.ts";

const ENDING = ".tar.gz";

/** PEP 625 and the older names that are still accepted, with hyphens and dots, and versions that are not normalised. */
const NAME = /^[a-z0-9][\w.+!-]*$/i;

/** Checks an sdist's filename, as far as possible without its project's name. Throws `bad-request`. */
export function parseSdistFilename(raw: string): Filename {
  const filename = asFilename(raw);
  if (filename?.endsWith(ENDING) && NAME.test(filename) && filename.includes("-")) return filename;
  throw badRequest(
    `${JSON.stringify(raw.slice(0, 120))} is not the name of a file that can be published: build a wheel ({name}-{version}-{python}-{abi}-{platform}.whl) or an sdist ({name}-{version}.tar.gz) and upload that.`,
  );
}

/**
 * The normalised version in the name of an sdist of `project`; undefined where the file is not that project's, or the version is not
 * PEP 440's.
 */
export function sdistVersion(filename: Filename, project: ProjectName): string | undefined {
  const version = versionOf(filename, project);
  return version === undefined ? undefined : normalVersion(version);
}

/** One name for all spellings of an sdist's name (PEP 625), with `1.0` as `1`; also for archives with another ending. */
export const sdistIdentity = (project: ProjectName, version: string, ending = ENDING) =>
  `${project.replaceAll("-", "_")}-${canonicalVersion(version)}${ending}`;
