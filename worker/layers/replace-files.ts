import type { PageChange } from "../repository/ports/pages.ts";
import { addressOf, refOf, type FileRef, fileLabel } from "../pypi/file-url.ts";
import { isWheel } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import { digestText, isOtherFile, upstreamValue, verifiableDigest, type FileEntry, type Hashes } from "../pypi/page.ts";
import { linesOf } from "../pypi/simple-json.ts";
import type { Page } from "../repository/page.ts";
import { inPool } from "../repository/pool.ts";
import type { ReplacingParts } from "../repository/ports/files.ts";
import { listedFacts } from "./read-upstream.ts";
import type { ArtifactFacts } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";

/**
 * Tombstones set for one page. Files beyond that are only deleted, so that a page that changes each time does not cost
 * thousands of calls.
 */
const MAX_TOMBSTONES = 200;

/** How many stored files that are new on one page are compared with it. */
const MAX_LOOKS = 400;

/** The platform opens no more connections for one request. */
const AT_ONCE = 6;

/** A file, or a `.metadata` alone, that differs from the one that was stored or listed under its URL. */
interface Replaced {
  readonly entry: FileEntry;
  /** The parts that differ; the first is the one reported. */
  readonly parts: readonly FileRef["part"][];
  /**
   * Whether metadata that had no digest has one now. Its bytes rarely differ then, and thousands of files may get a
   * digest at once.
   */
  readonly isFirst?: boolean;
  /** Digest or size before and now, for the report. */
  readonly was: string;
  readonly is: string;
}

/**
 * Stops serving stored files that `page` lists otherwise than the page before it did. Call it before the new page is
 * served. Reports each such file. Rejects where the store fails: the new page must then not be served.
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
 * The same for stored files that the page before did not list: a file may have left the page and come back with other
 * bytes, or the page was not stored in between. Files that no digest verifies are compared with the upstream when they
 * are read.
 *
 * @param stored the known stored files of the project, the last used first
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
  await inPool(AT_ONCE, isNew.slice(0, MAX_LOOKS), async (ref) => {
    const entry = listed.get(addressIn(ref));
    const wanted = entry && listedFacts({ project: name, entry }, ref.part).digest;
    if (!entry || !wanted) return;
    const facts = await parts.files.head(ref);
    if (!facts || (facts.digest && digestText(facts.digest) === digestText(wanted))) return;
    const others = ref.part === "file" && !hasDigest(entry) ? (["metadata"] as const) : [];
    found.push({ entry, parts: [ref.part, ...others], was: digestOrSize(facts), is: digestText(wanted) });
  });
  await replace(name, found, parts, ctx);
}

/**
 * Whether the upstream gives a digest of the file's metadata. Without one, the metadata is replaced together with the
 * file.
 */
const hasDigest = (entry: FileEntry) => verifiableDigest(metadataOf(entry)) !== undefined;

const addressIn = ({ origin, path }: FileRef) => `${origin}/${path}`;

/** The files that both pages list under the same URL, but with different facts. */
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
  const replacedParts = (...parts: FileRef["part"][]) => {
    const [part = "file"] = parts;
    return [{ entry, parts, was: digestOrSize(facts(before, part)), is: digestOrSize(facts(entry, part)) }];
  };
  const isSameMetadata = hasDigest(entry) && !isOtherFile(metadataOf(before), metadataOf(entry));
  if (isOtherFile(before.hashes, entry.hashes) || isOfOtherSize(before, entry)) {
    return isSameMetadata ? replacedParts("file") : replacedParts("file", "metadata");
  }
  // Metadata that is advertised here is compared with the wheel (see `serveMetadata`).
  if (!hasDigest(entry) || !before["core-metadata"] || isOfDigests(before, entry)) return [];
  return replacedParts("metadata").map((each) => ({ ...each, isFirst: before["core-metadata"] === true }));
}

/**
 * Whether the page before advertised the digests that `entry` has, whether they came from the upstream or were found
 * out here.
 */
function isOfDigests({ "core-metadata": listed }: FileEntry, entry: FileEntry): boolean {
  return typeof listed === "object" && !isOtherFile(listed, metadataOf(entry));
}

/** Whether the sizes differ. They are compared only where no digest identifies the file. */
function isOfOtherSize(before: FileEntry, entry: FileEntry): boolean {
  const [old, current] = [upstreamValue(before, "size"), upstreamValue(entry, "size")];
  const verified = listedFacts({ project: "" as ProjectName, entry }, "file").digest !== undefined;
  return !verified && old !== undefined && current !== undefined && old !== current;
}

/** The digests that the upstream itself gives of a file's metadata. */
function metadataOf(entry: FileEntry): Hashes {
  const own = upstreamValue(entry, "core-metadata");
  return own === undefined || own === true ? {} : own;
}

const digestOrSize = ({ digest, size }: Pick<ArtifactFacts, "digest" | "size">) =>
  digest ? digestText(digest) : size === undefined ? "no digest" : `no digest and ${size} bytes`;

async function replace(
  name: ProjectName,
  replaced: readonly Replaced[],
  parts: ReplacingParts,
  ctx: Context,
): Promise<void> {
  if (replaced.length === 0) return;
  const { files, facts, uses } = parts;
  const reportable = replaced.filter(({ isFirst }) => !isFirst);
  const marked = new Set(reportable.slice(0, MAX_TOMBSTONES));
  await inPool(AT_ONCE, [...marked], (each) => replaceOne(name, each, parts, ctx));
  const others = replaced.filter((each) => !marked.has(each));
  if (others.length > 0) await files.forget(others.flatMap(refsOf));
  if (reportable.length > marked.size) {
    const reason = `${reportable.length - marked.size} more of its files were replaced`;
    ctx.report({ event: "file-replaced", what: name, reason });
  }
  const urls = replaced.flatMap(({ entry, parts: [part] }) => (part === "file" ? [entry.url] : []));
  if (urls.length > 0) await facts.forget(name, urls);
  uses.emptied(replaced.flatMap(refsOf), ctx);
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
  let isReportable = false;
  for (const ref of refsOf(replaced)) {
    const { digest } = listedFacts({ project: name, entry }, ref.part);
    const isNew = await files.replace(ref, name, digest);
    if (ref.part === part) isReportable = isNew;
  }
  if (!isReportable) return;
  ctx.report({
    event: "file-replaced",
    what: fileLabel(refOf(entry, part)),
    reason: `the upstream said ${was} before and says ${is} now; the stored file is no longer served`,
  });
}

/** The stored objects that are affected. */
function refsOf({ entry, parts }: Replaced): FileRef[] {
  const hasMetadata = isWheel(entry.filename) || entry["core-metadata"];
  return parts.filter((part) => part === "file" || hasMetadata).map((part) => refOf(entry, part));
}
