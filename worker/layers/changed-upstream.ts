import { addressOf, fileLabel, refOf } from "../pypi/file-url.ts";
import { isWheel } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import {
  digestText,
  isOtherFile,
  isUnderQuarantine,
  verifiableDigest,
  type FileEntry,
  type ProjectPage,
} from "../pypi/page.ts";
import { versionOf } from "../pypi/version.ts";
import { Page } from "../repository/page.ts";
import { inPool } from "../repository/pool.ts";
import type { ChangedFile, NoteChangedFile } from "../repository/ports/changed-files.ts";
import type { ReplacingParts } from "../repository/ports/files.ts";
import type { UpstreamPages } from "../repository/repository.ts";
import type { Context } from "../repository/context.ts";
import type { CompletePage } from "./complete-page.ts";
import { unlistedFiles, type LostPageParts } from "./lost-pages.ts";

/** What a source does where its upstream takes back or replaces a file that is stored. */
export interface ChangeRules {
  /**
   * A file that its page no longer lists, or whose project is gone. `keep`: it stays on the page. `hide`: it is refused
   * at its address as well. `drop`: it is deleted too. undefined: it is off the page, and served at its address.
   */
  readonly removal: "keep" | "hide" | "drop" | undefined;
  /** A file of the same name with another digest. `keep`: the page and the bytes stay those of before. */
  readonly change: "follow" | "keep";
}

export interface ChangeParts extends ChangeRules, ReplacingParts, Pick<LostPageParts, "storedFiles"> {
  readonly note: NoteChangedFile;
  /** Deletes all stored files of a project and returns how many there were. */
  readonly deleteFiles: (name: ProjectName) => Promise<number>;
}

/** How many files of one page are looked up in the store: the last ones, and the others count as not stored. */
const MAX_LOOKS = 400;

/** The platform opens no more connections for one request. */
const AT_ONCE = 6;

/** A page that its upstream has changed. */
interface Changed {
  /** Those that it no longer lists. */
  readonly removed: readonly FileEntry[];
  /** Those that it lists by the same name with another digest. */
  readonly replaced: readonly FileEntry[];
}

/**
 * Applies the rules to each page that an upstream gives, before it is rendered. Only files that are stored are kept: of
 * others there are no bytes. A project under quarantine keeps none.
 */
export const keepFiles =
  (parts: ChangeParts) =>
  (complete: CompletePage): CompletePage => {
    const { removal, change } = parts;
    if (removal === undefined && change === "follow") return complete;
    return async (page, before, ctx) => {
      const completed = await complete(page, before, ctx);
      if (isUnderQuarantine(page.status)) return completed;
      const known = await before.known?.model();
      const { removed, replaced } = known ? compared(completed, known) : await withoutPage(completed, parts, ctx);
      const old = change === "keep" ? await storedOf(replaced, "changed", parts) : [];
      const gone = removal === undefined ? [] : await storedOf(removed, "removed", parts);
      for (const each of old) reportOnce(page.name, each, "keep", parts, ctx);
      for (const each of gone) reportOnce(page.name, each, removal, parts, ctx);
      if (removal === "drop") await drop(page.name, removed, parts, ctx);
      return withKept(completed, [...old, ...(removal === "keep" ? gone : [])]);
    };
  };

/**
 * The same for a project that is gone, of which there is no page to render. A page with files that were kept is fetched
 * whole each time: the upstream's "unchanged" is about another one.
 */
export const keepProjects =
  (parts: ChangeParts) =>
  (inner: UpstreamPages): UpstreamPages => {
    const { removal, change, deleteFiles } = parts;
    if (removal === undefined && change === "follow") return inner;
    return {
      ...inner,
      async project(name, known, ctx, remake) {
        const answer = await inner.project(name, known, ctx, remake === true || known?.head.kept !== undefined);
        if (answer !== null || known?.head.quarantined) return answer;
        if (removal === undefined) return null;
        const before = (await known?.model()) ?? (await lostPage(name, parts, ctx));
        const gone = await storedOf(before.files, "removed", parts);
        for (const each of gone) reportOnce(name, each, removal, parts, ctx);
        if (removal === "drop" && before.files.length > 0) await deleteFiles(name);
        if (removal !== "keep" || gone.length === 0) return null;
        const empty = { ...before, files: [], versions: before.versions && [] };
        return Page.from(withKept(empty, gone), {}, ctx.now);
      },
    };
  };

/** What has been taken back or replaced since `before`, which may list files that were kept. */
function compared(page: ProjectPage, before: ProjectPage): Changed {
  const addresses = new Set(page.files.map(addressOf));
  const named = new Map(page.files.map((entry) => [entry.filename, entry]));
  const replaced = before.files.filter((entry) => {
    const now = named.get(entry.filename);
    return now !== undefined && isOtherFile(entry.hashes, now.hashes);
  });
  const removed = before.files.filter((entry) => !named.has(entry.filename) && !addresses.has(addressOf(entry)));
  return { removed, replaced };
}

/** The same where no page of before is stored: what the upstream has replaced cannot be told then. */
async function withoutPage(
  page: Pick<ProjectPage, "name" | "files">,
  parts: ChangeParts,
  ctx: Context,
): Promise<Changed> {
  return { removed: parts.removal === undefined ? [] : await unlistedFiles(page, parts, ctx), replaced: [] };
}

/** A page of all stored files of a project. */
async function lostPage(name: ProjectName, parts: ChangeParts, ctx: Context): Promise<ProjectPage> {
  const { removed } = await withoutPage({ name, files: [] }, parts, ctx);
  return { name, versions: [], files: removed };
}

/** A file that is stored and goes on being listed. */
interface Kept {
  /** As the page before listed it. */
  readonly was: FileEntry;
  /** With a mark, and with core metadata only where that is stored too. */
  readonly entry: FileEntry;
}

/** Those that are stored. */
async function storedOf(
  entries: readonly FileEntry[],
  mark: NonNullable<FileEntry["_kept"]>,
  { files }: ChangeParts,
): Promise<Kept[]> {
  const looked = entries.slice(-MAX_LOOKS);
  const found = await inPool(AT_ONCE, looked, async (was): Promise<Kept | undefined> => {
    const stored = await files.head(refOf(was, "file"));
    const wanted = verifiableDigest(was.hashes);
    if (!stored || (stored.digest && wanted && digestText(stored.digest) !== digestText(wanted))) return undefined;
    const { "core-metadata": metadata, ...rest } = was;
    const isAdvertised = metadata !== undefined && (await files.head(refOf(was, "metadata"))) !== null;
    return { was, entry: { ...rest, ...(isAdvertised && { "core-metadata": metadata }), _kept: mark } };
  });
  return found.filter((each) => each !== undefined);
}

/** The page with these files: in the place of what it lists by their names, else in front of what it lists. */
function withKept(page: ProjectPage, kept: readonly Kept[]): ProjectPage {
  if (kept.length === 0) return page;
  const byName = new Map(kept.map(({ entry }) => [entry.filename, entry]));
  const listed = new Set(page.files.map(({ filename }) => filename));
  const gone = kept.flatMap(({ entry }) => (listed.has(entry.filename) ? [] : [entry]));
  const versions = gone.flatMap(({ filename }) => versionOf(filename, page.name) ?? []);
  return {
    ...page,
    files: [...gone, ...page.files.map((entry) => byName.get(entry.filename) ?? entry)],
    versions: page.versions && [...new Set([...versions, ...page.versions])],
  };
}

/** What is done with such a file. */
const DONE = {
  keep: "page and bytes stay as they were",
  hide: "it is not served",
  drop: "what is stored of it was deleted",
} as const satisfies Record<ChangedFile["done"], string>;

const HAPPENED = {
  removed: "its upstream no longer lists it",
  changed: "its upstream has other bytes by this name",
} as const satisfies Record<ChangedFile["change"], string>;

/** Reports a file, and notes it, when it is found so for the first time: the page before has no mark of it. */
function reportOnce(
  project: ProjectName,
  { was, entry: { _kept: change, ...entry } }: Kept,
  done: ChangedFile["done"] | undefined,
  { note }: ChangeParts,
  ctx: Context,
): void {
  if (change === undefined || done === undefined || was._kept === change) return;
  const reason = `${HAPPENED[change]}; ${DONE[done]}`;
  ctx.report({ event: "upstream-changed", what: fileLabel(refOf(entry, "file")), reason });
  note({ project, filename: entry.filename, change, done }, ctx);
}

/** Deletes what is stored of these files. Rejects where the store fails: the new page must not be served then. */
async function drop(
  name: ProjectName,
  removed: readonly FileEntry[],
  { files, facts, uses }: ChangeParts,
  ctx: Context,
): Promise<void> {
  if (removed.length === 0) return;
  const refs = removed.flatMap((entry) => [
    refOf(entry, "file"),
    ...(isWheel(entry.filename) || entry["core-metadata"] ? [refOf(entry, "metadata")] : []),
  ]);
  await files.forget(refs);
  await facts.forget(
    name,
    removed.map(({ url }) => url),
  );
  uses.emptied(refs, ctx);
}
