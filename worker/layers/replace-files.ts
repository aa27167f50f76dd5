import type { PageChange } from "../repository/ports/pages.ts";
import { addressOf, refOf, type FileRef, nameOf } from "../pypi/file-url.ts";
import { isWheel } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import { digestText, isOtherFile, upstreamsOwn, verifiableDigest, type FileEntry, type Hashes } from "../pypi/page.ts";
import { linesOf } from "../pypi/simple-json.ts";
import type { Page } from "../repository/page.ts";
import type { FactStore, FileStore } from "../repository/ports/files.ts";
import { listedFacts } from "./read-upstream.ts";
import type { Uses } from "../repository/ports/stored-objects.ts";
import type { ArtifactFacts } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";

/** Of one page: those beyond it are only deleted, so that a page that is another each time does not cost thousands of calls. */
const MAX_TOMBSTONES = 200;

/** Stored files of one page that are looked at because they are new on it. */
const MAX_LOOKS = 400;

/** The platform opens no more connections for one request. */
const AT_ONCE = 6;

/** What it takes to replace files. */
export interface ReplacingParts {
  readonly files: FileStore;
  readonly facts: FactStore;
  readonly uses: Uses;
}

/** A file, or a `.metadata` alone, that is another one than was stored, or listed, under its URL. */
interface Replaced {
  readonly entry: FileEntry;
  /** What of it is another one; the first is what is reported. */
  readonly parts: readonly FileRef["part"][];
  /** Whether it is metadata that has got its first digest: rarely another, and it may be that of thousands of files at once. */
  readonly isFirst?: boolean;
  /** What it was before and what it is now, for a report. */
  readonly was: string;
  readonly is: string;
}

/**
 * Has no file be given any more that `page` lists otherwise than the page before it did: to be done before anybody sees the page.
 * Each is reported. Rejects where the store fails: the page must then not be seen.
 */
export async function replaceChanged(
  name: ProjectName,
  page: Page,
  before: Page,
  parts: ReplacingParts,
  ctx: Context,
): Promise<void> {
  await replace(name, replacedOn(await before.text(), await page.text()), parts, ctx);
}

/**
 * The same of what is stored and was not on the page before: a file may have left its page and come back as another, or the page was
 * not kept meanwhile. What no digest verifies is held against the upstream when it is read.
 *
 * @param stored what is known to be stored of the project, the last used first
 */
export async function replaceOutdated(
  name: ProjectName,
  { page, before }: PageChange,
  stored: readonly FileRef[],
  parts: ReplacingParts,
  ctx: Context,
): Promise<void> {
  const known = new Set((await before?.model())?.files.map(addressOf));
  const isNew = stored.filter((ref) => !known.has(addressIn(ref)));
  if (isNew.length === 0) return;
  const listed = new Map((await page.model()).files.map((entry) => [addressOf(entry), entry]));
  const found: Replaced[] = [];
  await eachOf(isNew.slice(0, MAX_LOOKS), async (ref) => {
    const entry = listed.get(addressIn(ref));
    const wanted = entry && listedFacts({ project: name, entry }, ref.part).digest;
    if (!entry || !wanted) return;
    const facts = await parts.files.head(ref);
    if (!facts || (facts.digest && digestText(facts.digest) === digestText(wanted))) return;
    const others = ref.part === "file" && !hasDigest(entry) ? (["metadata"] as const) : [];
    found.push({ entry, parts: [ref.part, ...others], was: said(facts), is: digestText(wanted) });
  });
  await replace(name, found, parts, ctx);
}

/** Whether the upstream itself says what a file's metadata is: else it goes with the file. */
const hasDigest = (entry: FileEntry) => verifiableDigest(metadataOf(entry)) !== undefined;

const addressIn = ({ origin, path }: FileRef) => `${origin}/${path}`;

/** The files of `text` that the page before had under the same URL, but as others. */
function replacedOn(before: string, text: string): Replaced[] {
  const [old, current] = [new Set(linesOf(before)), new Set(linesOf(text))];
  const gone = new Map([...old.difference(current)].map(entryIn).map((entry) => [addressOf(entry), entry]));
  if (gone.size === 0) return [];
  return [...current.difference(old)].map(entryIn).flatMap((entry) => {
    const earlier = gone.get(addressOf(entry));
    return earlier ? changes(earlier, entry) : [];
  });
}

const entryIn = (line: string) => JSON.parse(line) as FileEntry;

function changes(before: FileEntry, entry: FileEntry): Replaced[] {
  const facts = (listed: FileEntry, part: FileRef["part"]) =>
    listedFacts({ project: "" as ProjectName, entry: listed }, part);
  const told = (...parts: FileRef["part"][]) => {
    const [part = "file"] = parts;
    return [{ entry, parts, was: said(facts(before, part)), is: said(facts(entry, part)) }];
  };
  const isSameMetadata = hasDigest(entry) && !isOtherFile(metadataOf(before), metadataOf(entry));
  if (isOtherFile(before.hashes, entry.hashes) || isOfOtherSize(before, entry)) {
    return isSameMetadata ? told("file") : told("file", "metadata");
  }
  // What is added here is held against the wheel (see `described`).
  if (!hasDigest(entry) || !before["core-metadata"] || isOfDigests(before, entry)) return [];
  return told("metadata").map((each) => ({ ...each, isFirst: before["core-metadata"] === true }));
}

/** Whether a page advertised the metadata with the digests that `entry` has, whoever had found them out. */
function isOfDigests({ "core-metadata": listed }: FileEntry, entry: FileEntry): boolean {
  return typeof listed === "object" && !isOtherFile(listed, metadataOf(entry));
}

/** A size is held against another only where no digest says what the file is. */
function isOfOtherSize(before: FileEntry, entry: FileEntry): boolean {
  const [old, current] = [upstreamsOwn(before, "size"), upstreamsOwn(entry, "size")];
  const verified = listedFacts({ project: "" as ProjectName, entry }, "file").digest !== undefined;
  return !verified && old !== undefined && current !== undefined && old !== current;
}

/** The digests that the upstream itself has of a file's metadata. */
function metadataOf(entry: FileEntry): Hashes {
  const own = upstreamsOwn(entry, "core-metadata");
  return own === undefined || own === true ? {} : own;
}

const said = ({ digest, size }: Pick<ArtifactFacts, "digest" | "size">) =>
  digest ? digestText(digest) : size === undefined ? "no digest" : `no digest and ${size} bytes`;

async function replace(
  name: ProjectName,
  replaced: readonly Replaced[],
  parts: ReplacingParts,
  ctx: Context,
): Promise<void> {
  if (replaced.length === 0) return;
  const { files, facts, uses } = parts;
  const news = replaced.filter(({ isFirst }) => !isFirst);
  const marked = new Set(news.slice(0, MAX_TOMBSTONES));
  await eachOf([...marked], (each) => replaceOne(name, each, parts, ctx));
  const others = replaced.filter((each) => !marked.has(each));
  if (others.length > 0) await files.forget(others.flatMap(refsOf));
  if (news.length > marked.size) {
    const reason = `${news.length - marked.size} more of its files were replaced`;
    ctx.report({ event: "file-replaced", what: name, reason });
  }
  const urls = replaced.flatMap(({ entry, parts: [part] }) => (part === "file" ? [entry.url] : []));
  if (urls.length > 0) await facts.forget(name, urls);
  uses.emptied(replaced.flatMap(refsOf), ctx);
}

/** Does `work` for each, a few at a time. */
async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const queue = all.values();
  const worker = async () => {
    for (const one of queue) await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function replaceOne(
  name: ProjectName,
  replaced: Replaced,
  { files }: ReplacingParts,
  ctx: Context,
): Promise<void> {
  const {
    entry,
    parts: [part = "file"],
    was,
    is,
  } = replaced;
  let isNews = false;
  for (const ref of refsOf(replaced)) {
    const { digest } = listedFacts({ project: name, entry }, ref.part);
    const isNew = await files.replace(ref, name, digest);
    if (ref.part === part) isNews = isNew;
  }
  if (!isNews) return;
  ctx.report({
    event: "file-replaced",
    what: nameOf(refOf(entry, part)),
    reason: `the upstream said ${was} before and says ${is} now; what was stored is not given any more`,
  });
}

/** What is stored of it. */
function refsOf({ entry, parts }: Replaced): FileRef[] {
  const hasMetadata = isWheel(entry.filename) || entry["core-metadata"];
  return parts.filter((part) => part === "file" || hasMetadata).map((part) => refOf(entry, part));
}
