import { messageOf } from "../errors.ts";
import { addressOf, urlOfRef, type FileRef } from "../pypi/file-url.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { FileEntry, ProjectPage } from "../pypi/page.ts";
import { inPool } from "../repository/pool.ts";
import type { FileStore } from "../repository/ports/files.ts";
import type { Context } from "../repository/context.ts";

export interface LostPageParts {
  readonly files: Pick<FileStore, "head">;
  /** Finds which files of a project are stored, by the records of them. Costs a read; rejects where that fails. */
  readonly storedFiles: (name: ProjectName) => Promise<readonly FileRef[]>;
}

/** The platform opens no more connections for one request. */
const AT_ONCE = 6;

/** Its page may have said that it is yanked. So installers take it only where it is pinned, as in a lock. */
const YANKED = "Its upstream no longer lists it, and the page that did is not stored here any more.";

/**
 * Stored files that a page does not list, where no earlier page is stored with which it could be compared: such a page
 * was not written, or is gone. They are entries as an earlier page might have had them, of what the bytes say. Where it
 * cannot be read which files are stored, there are none.
 */
export async function unlistedFiles(
  { name, files: listed }: Pick<ProjectPage, "name" | "files">,
  { files, storedFiles }: LostPageParts,
  ctx: Context,
): Promise<FileEntry[]> {
  const refs = await storedFiles(name).catch((error: unknown) => {
    ctx.report({ event: "storage-failed", what: `which files of ${name} are stored`, reason: messageOf(error) });
    return [];
  });
  const [names, addresses] = [new Set(listed.map(({ filename }) => filename)), new Set(listed.map(addressOf))];
  const unlisted = refs.filter(
    ({ filename, origin, path }) => !names.has(filename) && !addresses.has(`${origin}/${path}`),
  );
  const entries = await inPool(AT_ONCE, unlisted, (ref) => entryOf(ref, files));
  return entries.filter((entry) => entry !== undefined);
}

/** The entry of a stored file; undefined where it is gone, or was never verified. */
async function entryOf(ref: FileRef, files: LostPageParts["files"]): Promise<FileEntry | undefined> {
  const facts = await files.head(ref);
  if (!facts?.digest) return undefined;
  const { digest, size, uploadedAt } = facts;
  const metadata = await files.head({ ...ref, part: "metadata" });
  return {
    filename: ref.filename,
    url: urlOfRef(ref),
    hashes: { [digest.algorithm]: digest.hex },
    ...(size !== undefined && { size }),
    ...(typeof uploadedAt === "number" && { "upload-time": new Date(uploadedAt).toISOString() }),
    ...(metadata && { "core-metadata": metadata.digest ? { [metadata.digest.algorithm]: metadata.digest.hex } : true }),
    yanked: YANKED,
  };
}
