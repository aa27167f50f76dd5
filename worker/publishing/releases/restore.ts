import { IndexError } from "../../errors.ts";
import type { Decision } from "./optimistic-write.ts";
import type { ReleasedProject } from "./ports.ts";
import { auditedFile, describeSelection, filesPhrase, selectFiles, type FileSelection } from "./select-files.ts";

/**
 * Decides what of a release, or whether one file of it, is taken out of the trash.
 *
 * @param isStored whether the object with this key is there
 * @throws IndexError `file-not-found` where there is no such file, or it was deleted and is no longer in the trash
 */
export async function decideRestoring(
  project: ReleasedProject,
  selection: FileSelection,
  isStored: (object: string) => Promise<boolean>,
): Promise<Decision> {
  const all = selectFiles(project, selection);
  const { what, version } = describeSelection(project, selection, all);
  const deleted = all.filter(({ deletedAt }) => deletedAt !== null);
  if (deleted.length === 0) return { done: { version, files: [], did: `${what} was not deleted.` } };
  const inTrash = deleted.filter(({ trashed }) => trashed !== null);
  const stored = await Promise.all(inTrash.map(({ trashed }) => isStored(trashed ?? "")));
  // A database that was restored to an earlier time may name bytes that were deleted since.
  const files = inTrash.filter((_, at) => stored[at]);
  if (files.length === 0) {
    throw new IndexError("file-not-found", `${what} was deleted, and is no longer in the trash: its bytes are gone.`);
  }
  const names = files.map(({ filename }) => filename);
  return {
    done: { version, files: names, did: `${what} is restored${filesPhrase(selection, names)}.` },
    write: {
      change: { kind: "restore", files },
      entry: {
        action: "restore",
        index: project.index,
        subject: selection.filename ?? version,
        details: { version, files: files.map(auditedFile) },
      },
    },
  };
}
