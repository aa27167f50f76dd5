import { messageOf } from "../errors.ts";
import { isWheel } from "../pypi/filename.ts";
import { upstreamsOwn, type Backfilled, type FileEntry, type ProjectPage } from "../pypi/page.ts";
import type { FactStore, FileFacts } from "./ports.ts";
import type { Context } from "./repository.ts";

/** Adds to a page what the upstream does not say. The same page with the same facts comes out the same. */
export type Describe = (page: ProjectPage, ctx: Context) => Promise<ProjectPage>;

/**
 * Adds what can be known: that there is metadata, where the page advertises it for no wheel at all; the size of a file that
 * was stored; and when a file was uploaded. Upstream's own values stay. A page that says everything is not touched, and
 * nothing is read for it; another one costs one read of the facts.
 */
export function describeBy(facts: FactStore): Describe {
  return async (page, ctx) => {
    const advertise = !page.files.some((file) => isWheel(file.filename) && file["core-metadata"]);
    const isLacking = (file: FileEntry) =>
      file.size === undefined || file["upload-time"] === undefined || (advertise && isWheel(file.filename));
    if (!page.files.some(isLacking)) return page;
    const found = await factsOf(page, facts, ctx);
    // Only there is it written when a file first came; all else has its place among the facts.
    const isWanted = !found || page.files.some((file) => file["upload-time"] === undefined);
    const before = isWanted ? await filesBefore(ctx) : undefined;
    const describeFile = (file: FileEntry) => {
      const own = found && (found.get(file.url) ?? {});
      const earlier = before?.get(file.filename);
      // At another URL there may be other bytes.
      const same = earlier?.url === file.url ? earlier : undefined;
      return backfilled(file, {
        "core-metadata": advertise && isWheel(file.filename) ? advertisement(own, same) : undefined,
        size: own?.size ?? carried(same, "size"),
        "upload-time": uploadTime(own?.modifiedAt, earlier, before !== undefined, ctx),
      });
    };
    return { ...page, files: page.files.map((file) => (isLacking(file) ? describeFile(file) : file)) };
  };
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
async function filesBefore({ known }: Context): Promise<ReadonlyMap<string, FileEntry> | undefined> {
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
