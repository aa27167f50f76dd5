import { opendir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { counted } from "../../worker/pypi/counted.ts";
import { asFilename, isDistribution, projectCandidates } from "../../worker/pypi/filename.ts";
import { matcher } from "../../worker/pypi/pattern.ts";
import { CommandError } from "../lib/command-error.ts";
import { fileErrorText, folderErrorText } from "../../server/file-errors.ts";
import type { LeftOut, SourceContent, SourceFile } from "./source.ts";

/**
 * The distribution files of a folder and of all folders below it. Symbolic links to files are followed, those to folders
 * are not: they may lead in circles.
 *
 * @param projects patterns of the projects that are wanted; empty: all
 * @throws CommandError where the folder cannot be read, or has no such file
 */
export async function filesInFolder(folder: string, projects: readonly string[]): Promise<SourceContent> {
  const matches = projects.map(matcher);
  const files: SourceFile[] = [];
  const leftOut: LeftOut[] = [];
  let others = 0;
  for await (const path of pathsBelow(folder)) {
    const from = relative(folder, path).split(sep).join("/");
    const filename = from.split("/").at(-1) ?? "";
    const name = asFilename(filename);
    if (!name || !isDistribution(filename)) {
      others++;
      continue;
    }
    const candidates = projectCandidates(name);
    if (matches.length > 0 && !candidates.some((each) => matches.some((match) => match(each)))) continue;
    try {
      const { size, mtimeMs } = await stat(path);
      const uploadedAt = new Date(Math.floor(mtimeMs)).toISOString();
      files.push({ filename, from, size, onDisk: (use) => use({ path, filename, size, uploadedAt }) });
    } catch (error) {
      leftOut.push({ filename, from, outcome: "failed", reason: `${fileErrorText(error)}.` });
    }
  }
  if (files.length + leftOut.length === 0) {
    const what = projects.length > 0 ? "no file of such a project" : "no file to migrate";
    throw new CommandError(`${folder}: there is ${what} in it.`);
  }
  files.sort((one, other) => (one.from < other.from ? -1 : 1));
  const remark = `${counted(others, "other file is", "other files are")} no wheel or sdist, and left alone.`;
  return { files, leftOut, ...(others > 0 && { remark }) };
}

/** The files below a folder. Throws a `CommandError` where a folder cannot be read: what is in it would be left out in silence. */
async function* pathsBelow(folder: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) yield* pathsBelow(path);
      else if (entry.isFile() || (entry.isSymbolicLink() && !(await isFolder(path)))) yield path;
    }
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(`${folder}: ${folderErrorText(error)}.`);
  }
}

/** Whether a link leads to a folder; one that leads nowhere does not. */
const isFolder = (path: string) =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
