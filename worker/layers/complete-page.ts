import { messageOf } from "../errors.ts";
import { isWheel } from "../pypi/filename.ts";
import {
  isOtherFile,
  upstreamsOwn,
  verifiableDigest,
  type Backfilled,
  type FileEntry,
  type ProjectPage,
} from "../pypi/page.ts";
import type { FactStore, FileFacts } from "../repository/ports/files.ts";
import type { Page } from "../repository/page.ts";
import type { Context } from "../repository/context.ts";

/** Adds to a page what the upstream does not say. The same page with the same facts comes out the same. */
export type CompletePage = (page: ProjectPage, before: Before, ctx: Context) => Promise<ProjectPage>;

/** The page that is stored, and whether the new one is made although the upstream may not have changed it. */
export interface Before {
  readonly known: Page | undefined;
  readonly remake: boolean;
}

/**
 * Adds what can be known: that there is metadata, where the page advertises it for no wheel at all; the size of a file that
 * was stored; and when a file was uploaded. Upstream's own values stay. A page that says everything is not touched, and
 * nothing is read for it; another one costs one read of the facts.
 */
export function completePageBy(facts: FactStore): CompletePage {
  return async (page, { known, remake }, ctx) => {
    const advertise = !page.files.some((file) => isWheel(file.filename) && file["core-metadata"]);
    const isLacking = (file: FileEntry) =>
      file.size === undefined || file["upload-time"] === undefined || (advertise && isWheel(file.filename));
    // It is made again for what was found out, or had been corrected before.
    const mayCorrect = remake || known?.head.corrected !== undefined;
    if (!mayCorrect && !page.files.some(isLacking)) return page;
    const found = await factsOf(page, facts, ctx);
    // Only there is it written when a file first came, and of which bytes the facts are.
    const isWanted = !found || found.size > 0 || page.files.some((file) => file["upload-time"] === undefined);
    const before = isWanted ? await filesBefore(known) : undefined;
    const describeFile = (listed: FileEntry) => {
      const earlier = before?.get(listed.filename);
      // At another URL, or of another digest, there may be other bytes.
      const isOther = earlier?.url === listed.url && isOtherFile(earlier.hashes, listed.hashes);
      const own = found && ((!isOther && found.get(listed.url)) || {});
      const file = withoutWrongSize(listed, own);
      const same = earlier?.url === file.url && !isOther ? earlier : undefined;
      return backfilled(file, {
        "core-metadata": advertise && isWheel(file.filename) ? advertisement(own, same) : undefined,
        size: own?.size ?? carried(same, "size"),
        "upload-time": uploadTime(own?.modifiedAt, earlier, before !== undefined, ctx),
      });
    };
    const isToBeDescribed = (file: FileEntry) =>
      isLacking(file) || withoutWrongSize(file, found?.get(file.url)) !== file;
    return { ...page, files: page.files.map((file) => (isToBeDescribed(file) ? describeFile(file) : file)) };
  };
}

/** The entry without its size where a file that its digest verifies was found to have another. */
function withoutWrongSize(file: FileEntry, own: FileFacts | undefined): FileEntry {
  const isWrong = own?.size !== undefined && file.size !== undefined && own.size !== file.size;
  return isWrong && verifiableDigest(file.hashes) ? { ...file, size: undefined } : file;
}

/** Undefined where they cannot be read: the page then goes out with what the one before it had. */
async function factsOf(page: ProjectPage, facts: FactStore, ctx: Context) {
  try {
    return await facts.of(page.name);
  } catch (error) {
    ctx.report({ event: "storage-failed", what: `facts about the files of ${page.name}`, reason: messageOf(error) });
    return undefined;
  }
}

/** The files of the page that is there already, by name: hosts of files move. Undefined where there is none. */
async function filesBefore(known: Page | undefined): Promise<ReadonlyMap<string, FileEntry> | undefined> {
  const model = await known?.model();
  return model && new Map(model.files.map((file) => [file.filename, file]));
}

/**
 * None for a wheel known to be unreadable: what is advertised must be answered, or clients give up (PEP 658). While nothing
 * can be known (`own` is undefined), what was withdrawn stays so.
 */
function advertisement(own: FileFacts | undefined, before: FileEntry | undefined): FileEntry["core-metadata"] {
  if (own?.unreadable || (!own && before && !before["core-metadata"])) return undefined;
  return own?.metadata === undefined ? (carried(before, "core-metadata") ?? true) : { sha256: own.metadata };
}

/**
 * The upstream's date of the file, else when it was first seen: that is now for a file that was not on the page before. On
 * the first sight of a page nothing is claimed, since all its files would look new.
 */
function uploadTime(modifiedAt: number | undefined, earlier: FileEntry | undefined, hadPage: boolean, ctx: Context) {
  if (modifiedAt !== undefined) return new Date(modifiedAt).toISOString();
  if (hadPage && !earlier) return new Date(ctx.now).toISOString();
  return carried(earlier, "upload-time");
}

/** What was added to the entry before, to be kept from version to version. */
function carried<Member extends Backfilled>(before: FileEntry | undefined, member: Member): FileEntry[Member] {
  return before && upstreamsOwn(before, member) === undefined ? before[member] : undefined;
}

/** The entry with those of `additions` that it lacks, their names in `_backfilled`. */
function backfilled(file: FileEntry, additions: Pick<FileEntry, Backfilled>): FileEntry {
  const added = Object.entries(additions).filter(
    ([member, value]) => value !== undefined && file[member as Backfilled] === undefined,
  );
  if (added.length === 0) return file;
  return { ...file, ...Object.fromEntries(added), _backfilled: added.map(([member]) => member as Backfilled) };
}
