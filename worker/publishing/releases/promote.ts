import { badRequest, IndexError } from "../../errors.ts";
import { selectFiles, namesInSentence } from "./select-files.ts";
import { requireOpen, requirePromotable } from "../project-status.ts";
import type { Decision, ReleaseIndex } from "./optimistic-write.ts";
import type { ReleasedProject, ReleaseFile } from "./ports.ts";

/**
 * Decides how to add a release's files to another index. The bytes are shared, not copied.
 *
 * @param other the other index
 * @param there the project in the other index; null where it does not exist there yet
 * @throws IndexError `file-exists`, `unprocessable`, `bad-request`, `file-not-found`
 */
export function decidePromotion(
  from: ReleasedProject,
  wanted: string,
  other: Pick<ReleaseIndex, "name" | "volatile">,
  there: ReleasedProject | null,
): Decision {
  const { index, project } = from;
  const to = other.name;
  if (to === index) throw badRequest(`${index} is where the release is; name another index to promote it to.`);
  requirePromotable(project, index, from.status);
  requireOpen(project, to, there?.status);

  const release = selectFiles(from, { version: wanted, filename: undefined }).filter(
    ({ deletedAt }) => deletedAt === null,
  );
  const version = release[0]?.version;
  if (version === undefined) {
    throw new IndexError("file-not-found", `All files of ${project} ${wanted} in ${index} were deleted.`);
  }
  const namesakes = release.map((file) => ({
    file,
    had: there?.files.find(({ identity }) => identity === file.identity),
  }));
  const wantedThere = namesakes.filter(({ file, had }) => !isThere(file, other, had));
  const files = wantedThere.map(({ file }) => file);
  const replaced = wantedThere.flatMap(({ had }) => had ?? []);
  const names = files.map(({ filename }) => filename);
  const what = `${project} ${version}`;
  if (files.length === 0)
    return { done: { version, files: [], did: `${what} was in ${to} already, as it is in ${index}.` } };
  return {
    done: { version, files: names, did: `${what} is in ${to} now, as it is in ${index}: ${namesInSentence(names)}.` },
    write: {
      change: { kind: "promote", files, to, there, replaced },
      entry: {
        action: "promote",
        index: to,
        subject: version,
        details: { from: index, files: files.map(({ filename, sha256 }) => ({ filename, sha256 })) },
      },
    },
  };
}

/**
 * Whether the other index has the same file already; throws `file-exists` where another file has its name there, or had it
 * and the index is not volatile.
 *
 * @param had the file that has or had the name there
 */
function isThere(
  { sha256, filename }: ReleaseFile,
  { name: to, volatile }: Pick<ReleaseIndex, "name" | "volatile">,
  had: ReleaseFile | undefined,
): boolean {
  if (!had) return false;
  if (had.deletedAt !== null) {
    if (volatile) return false;
    throw exists(`${filename} was in ${to} and was deleted there, and its name stays used`);
  }
  if (had.sha256 === sha256) return true;
  throw exists(`${to} has ${had.filename} with other bytes`);
}

const exists = (reason: string) =>
  new IndexError("file-exists", `File already exists: ${reason}. Nothing was promoted; release a new version.`);
