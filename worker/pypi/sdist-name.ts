import { badRequest } from "../errors.ts";
import { asFilename, type Filename } from "./filename.ts";
import type { ProjectName } from "./name.ts";
import { canonicalVersion, normalVersion } from "./pep440.ts";
import { versionOf } from "./version.ts";

const ENDING = ".tar.gz";

/** What is left of names older than PEP 625: hyphens and dots in them, and versions as they were written. */
const NAME = /^[a-z0-9][\w.+!-]*$/i;

/** The filename of an sdist, as far as that can be told without its project's name; throws `bad-request`. */
export function parseSdistFilename(raw: string): Filename {
  const filename = asFilename(raw);
  if (filename?.endsWith(ENDING) && NAME.test(filename) && filename.includes("-")) return filename;
  throw badRequest(
    `${JSON.stringify(raw.slice(0, 120))} is not the name of a file that can be published: build a wheel ({name}-{version}-{python}-{abi}-{platform}.whl) or an sdist ({name}-{version}.tar.gz) and upload that.`,
  );
}

/**
 * The version in the name of an sdist of `project`, normalised; undefined where it is none of that project, or the version
 * is none of PEP 440's.
 */
export function sdistVersion(filename: Filename, project: ProjectName): string | undefined {
  const version = versionOf(filename, project);
  return version === undefined ? undefined : normalVersion(version);
}

/** The same for all spellings of one sdist (PEP 625), `1.0` as `1`; and of an archive with another ending. */
export const sdistIdentity = (project: ProjectName, version: string, ending = ENDING) =>
  `${project.replaceAll("-", "_")}-${canonicalVersion(version)}${ending}`;
