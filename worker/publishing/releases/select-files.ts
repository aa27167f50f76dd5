import { IndexError } from "../../errors.ts";
import { compareVersions, isSameVersion, parseVersion } from "../../pypi/pep440.ts";
import type { ReleasedProject, ReleaseFile } from "./ports.ts";
import { namesUpTo } from "../../pypi/names-up-to.ts";

/** A release, or one file of it. */
export interface FileSelection {
  /** As the client wrote it: 1.0 and 1.0.0 are one version. */
  readonly version: string;
  /** undefined: all files of the release. */
  readonly filename: string | undefined;
}

/** How many names a sentence lists. */
const MAX_LISTED = 20;

/**
 * Finds the selected files, including deleted ones. Returns at least one.
 *
 * @throws IndexError `file-not-found` where there is no such version, or no such file of it
 */
export function selectFiles(
  { index, project, files }: Pick<ReleasedProject, "index" | "project" | "files">,
  { version, filename }: FileSelection,
): ReleaseFile[] {
  const release = files.filter((file) => isSameVersion(file.version, version));
  if (release.length === 0) {
    const versions = byVersion(files).map(([each]) => each);
    throw notFound(
      `There is no version ${quoted(version)} of ${project} in ${index}; there are: ${namesInSentence(versions)}.`,
    );
  }
  if (filename === undefined) return release;
  const chosen = release.filter((file) => file.filename === filename);
  if (chosen.length > 0) return chosen;
  const names = release.map((file) => file.filename);
  throw notFound(
    `${quoted(filename)} is no file of ${project} ${version} in ${index}; these are: ${namesInSentence(names)}.`,
  );
}

/** Groups files by version, oldest version first. */
export function byVersion(files: readonly ReleaseFile[]): [version: string, files: ReleaseFile[]][] {
  return [...Map.groupBy(files, ({ version }) => version)].toSorted(([one], [other]) => inOrder(one, other));
}

function inOrder(one: string, other: string): number {
  const [a, b] = [parseVersion(one), parseVersion(other)];
  return a && b ? compareVersions(a, b) : one < other ? -1 : 1;
}

/** Joins names for a sentence, at most `MAX_LISTED` of them. */
export function namesInSentence(names: readonly string[]): string {
  return names.length === 0 ? "none" : namesUpTo(names, MAX_LISTED);
}

/** `what`: the selected release or file, as sentences name it; `version`: its version, for the result and the audit log. */
export function describeSelection(
  { index, project }: ReleasedProject,
  selection: FileSelection,
  files: readonly ReleaseFile[],
) {
  const version = files[0]?.version ?? selection.version;
  return { what: `${selection.filename ?? `${project} ${version}`} in ${index}`, version };
}

/** The list of files for a sentence about a release; empty where the sentence names the file itself. */
export const filesPhrase = ({ filename }: FileSelection, names: readonly string[]) =>
  filename === undefined ? `: ${namesInSentence(names)}` : "";

/** What the audit log records of a deleted or restored file. */
export const auditedFile = ({ filename, sha256 }: ReleaseFile) => ({ filename, sha256 });

const notFound = (sentence: string) => new IndexError("file-not-found", sentence);

const quoted = (text: string) => JSON.stringify(text.slice(0, 100));
