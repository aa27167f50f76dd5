import { IndexError } from "../../errors.ts";
import { compareVersions, isSameVersion, parseVersion } from "../../pypi/pep440.ts";
import type { ReleasedProject, ReleaseFile } from "./ports.ts";

/** A release of a project, or one file of it. */
export interface Chosen {
  /** As somebody wrote it: 1.0 and 1.0.0 are one version. */
  readonly version: string;
  /** undefined: all its files. */
  readonly filename: string | undefined;
}

/** More names are not listed in a sentence. */
const NAMED = 20;

/**
 * The files that are meant, the deleted ones too: at least one.
 *
 * @throws IndexError `file-not-found` where there is no such version, or no such file of it
 */
export function chosenOf(
  { index, project, files }: Pick<ReleasedProject, "index" | "project" | "files">,
  { version, filename }: Chosen,
): ReleaseFile[] {
  const release = files.filter((file) => isSameVersion(file.version, version));
  if (release.length === 0) {
    const versions = byVersion(files).map(([each]) => each);
    throw notFound(`There is no version ${quoted(version)} of ${project} in ${index}; there are: ${listed(versions)}.`);
  }
  if (filename === undefined) return release;
  const chosen = release.filter((file) => file.filename === filename);
  if (chosen.length > 0) return chosen;
  const names = release.map((file) => file.filename);
  throw notFound(`${quoted(filename)} is no file of ${project} ${version} in ${index}; these are: ${listed(names)}.`);
}

/** The files by their version, the oldest version first. */
export function byVersion(files: readonly ReleaseFile[]): [version: string, files: ReleaseFile[]][] {
  return [...Map.groupBy(files, ({ version }) => version)].toSorted(([one], [other]) => inOrder(one, other));
}

function inOrder(one: string, other: string): number {
  const [a, b] = [parseVersion(one), parseVersion(other)];
  return a && b ? compareVersions(a, b) : one < other ? -1 : 1;
}

/** Names for a sentence; as many as a person reads. */
export function listed(names: readonly string[]): string {
  if (names.length === 0) return "none";
  const more = names.length - NAMED;
  return names.slice(0, NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

const notFound = (sentence: string) => new IndexError("file-not-found", sentence);

const quoted = (text: string) => JSON.stringify(text.slice(0, 100));
