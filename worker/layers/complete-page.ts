import { messageOf } from "../errors.ts";
import { isWheel } from "../pypi/filename.ts";
import {
  isOtherFile,
  upstreamValue,
  verifiableDigest,
  type Backfilled,
  type FileEntry,
  type ProjectPage,
} from "../pypi/page.ts";
import type { FactStore, FileFacts } from "../repository/ports/files.ts";
import type { Page } from "../repository/page.ts";
import type { Context } from "../repository/context.ts";

/** Adds to a page what the upstream leaves out. The same page with the same facts gives the same result. */
export type CompletePage = (page: ProjectPage, before: PreviousPage, ctx: Context) => Promise<ProjectPage>;

/** The stored page, and whether a new one is made even if the upstream has not changed it. */
export interface PreviousPage {
  readonly known: Page | undefined;
  readonly remake: boolean;
}

/**
 * Adds what is known here: that a wheel has metadata, where the page advertises it for no wheel at all; the size of a
 * file that was stored; and when a file was uploaded. The upstream's own values stay. A page that lacks nothing is
 * returned as it is, and no fact is read; any other page costs one read of the facts.
 */
export function completePageBy(facts: FactStore): CompletePage {
  return async (page, { known, remake }, ctx) => {
    const advertise = !page.files.some((file) => isWheel(file.filename) && file["core-metadata"]);
    const isLacking = (file: FileEntry) =>
      file.size === undefined || file["upload-time"] === undefined || (advertise && isWheel(file.filename));
    // A remade page, or one whose sizes were corrected before, may need a correction although no field is missing.
    const mayCorrect = remake || known?.head.corrected !== undefined;
    if (!mayCorrect && !page.files.some(isLacking)) return page;
    const found = await factsOf(page, facts, ctx);
    // Only the stored page says when a file was first seen, and which bytes the facts are about.
    const isWanted = !found || found.size > 0 || page.files.some((file) => file["upload-time"] === undefined);
    const before = isWanted ? await filesBefore(known) : undefined;
    const describeFile = (listed: FileEntry) => {
      const earlier = before?.get(listed.filename);
      // The facts do not apply to a file at another URL or with another digest: its bytes may differ.
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

/** The entry without its size where the stored file, verified by the digest, has another size. */
function withoutWrongSize(file: FileEntry, own: FileFacts | undefined): FileEntry {
  const isWrong = own?.size !== undefined && file.size !== undefined && own.size !== file.size;
  return isWrong && verifiableDigest(file.hashes) ? { ...file, size: undefined } : file;
}

/**
 * The facts about the page's files; undefined where they cannot be read: the page then keeps what the stored one had.
 */
async function factsOf(page: ProjectPage, facts: FactStore, ctx: Context) {
  try {
    return await facts.of(page.name);
  } catch (error) {
    ctx.report({ event: "storage-failed", what: `facts about the files of ${page.name}`, reason: messageOf(error) });
    return undefined;
  }
}

/**
 * The files of the stored page, by filename, since files may move to another host. Undefined where no page is stored.
 */
async function filesBefore(known: Page | undefined): Promise<ReadonlyMap<string, FileEntry> | undefined> {
  const model = await known?.model();
  return model && new Map(model.files.map((file) => [file.filename, file]));
}

/**
 * What the page advertises as a wheel's metadata. Nothing for a wheel known to be unreadable: clients give up where
 * advertised metadata is not served (PEP 658). While the facts cannot be read (`own` is undefined), withdrawn metadata
 * stays withdrawn.
 */
function advertisement(own: FileFacts | undefined, before: FileEntry | undefined): FileEntry["core-metadata"] {
  if (own?.unreadable || (!own && before && !before["core-metadata"])) return undefined;
  return own?.metadata === undefined ? (carried(before, "core-metadata") ?? true) : { sha256: own.metadata };
}

/**
 * The date that the upstream gives the file, else the time when it was first seen: now, for a file that the page did
 * not list before. The first time that a page is fetched no such time is set, since all its files would look new.
 */
function uploadTime(modifiedAt: number | undefined, earlier: FileEntry | undefined, hadPage: boolean, ctx: Context) {
  if (modifiedAt !== undefined) return new Date(modifiedAt).toISOString();
  if (hadPage && !earlier) return new Date(ctx.now).toISOString();
  return carried(earlier, "upload-time");
}

/** The value that was added to the stored entry here, to be carried over to the new page. */
function carried<Member extends Backfilled>(before: FileEntry | undefined, member: Member): FileEntry[Member] {
  return before && upstreamValue(before, member) === undefined ? before[member] : undefined;
}

/** The entry with those of the `additions` that it lacks; their names are in `_backfilled`. */
function backfilled(file: FileEntry, additions: Pick<FileEntry, Backfilled>): FileEntry {
  const added = Object.entries(additions).filter(
    ([member, value]) => value !== undefined && file[member as Backfilled] === undefined,
  );
  if (added.length === 0) return file;
  return { ...file, ...Object.fromEntries(added), _backfilled: added.map(([member]) => member as Backfilled) };
}
