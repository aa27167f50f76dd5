import { MINUTE } from "../../duration.ts";
import { IndexError, isUpstreamFailure, messageOf, reasonOf, upstreamFailed } from "../../errors.ts";
import { fileLabel, type FileRef } from "../../pypi/file-url.ts";
import { JUST_LISTED_TTL } from "../../repository/ports/freshness.ts";
import { otherBytes } from "./other-bytes.ts";
import type { SharedFill, SharedFills } from "./shared-fills.ts";
import { storeForFollowers, transfer, storeWithoutClient, type Destination, type TransferEnd } from "./transfer.ts";
import type { MakePipe } from "../../platform/pipe.ts";
import type { FileStore, FillQueue } from "../../repository/ports/files.ts";
import type { Marks, Notes } from "../../repository/ports/freshness.ts";
import type { FileUses } from "../../repository/ports/stored-objects.ts";
import { discard, type Artifact } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";

/** How long a file counts as being stored by another request, at most. Milliseconds. */
const CLAIM_TTL = MINUTE;

/** The same for a file left to the queue: storing a large one takes long, and a message may be lost. Milliseconds. */
const QUEUED_TTL = 10 * MINUTE;

/** How long a file counts as touched: as long as its project counts as just listed. Milliseconds. */
export const TOUCHED_TTL = JUST_LISTED_TTL;

/** How long it is remembered that an upstream sent other bytes of a file. Milliseconds. */
const REFUSED_TTL = 10 * MINUTE;

/** How long an unverified file is served before it is compared with the upstream's again. Milliseconds. */
const BELIEVED_TTL = MINUTE;

export interface StoringParts {
  readonly files: FileStore;
  /** Records what was stored. */
  readonly uses: FileUses;
  /**
   * Files that this isolate is storing now: R2 refuses a second write to a key within a second, and one write is
   * enough.
   */
  readonly filling: Marks;
  /** Unverified files that were just fetched from the upstream or compared with its own. */
  readonly believed: Marks;
  /** Files that were asked for or stored a moment ago: they may be in the store. */
  readonly touched: Marks;
  /** Files of which the upstream sent other bytes when they were last fetched, with in what they differ. */
  readonly refusals: Notes;
  /** Takes files that are too large to be stored while they are served. */
  readonly fills: FillQueue;
  /** Bytes; larger files are left to the queue. */
  readonly finishAlone: number;
  /** The fills that requests follow; null where the platform has no spool. */
  readonly shared: SharedFills | null;
  /** Called for each file that was verified and stored, with its size in bytes. */
  readonly onStored?: ((artifact: Artifact, size: number, ctx: Context) => Promise<void>) | undefined;
}

/**
 * Serves a file from upstream, and stores it from the same read if it is so small that reading it can be finished after
 * the client has disconnected. Larger files are left to the queue.
 *
 * @param parts undefined while the store cannot be used
 * @returns the artifact to send to the client
 */
export function serveAndStore(
  source: Artifact,
  ref: FileRef,
  parts: StoringParts | undefined,
  pipe: MakePipe,
  ctx: Context,
): Artifact {
  const isClaimed = parts && claim(ref, source.size ?? source.listedSize, parts, ctx);
  const destination = isClaimed ? destinationOf(source, ref, parts) : undefined;
  const { artifact, filled } = transfer(source, fileLabel(ref), destination, pipe, ctx);
  ctx.defer(isClaimed ? concluded(noted(filled, source, ref, parts, ctx), ref, parts, ctx) : filled);
  return artifact;
}

/**
 * Passes a part of a file on. Where the upstream sends another length than it announced, that is reported, and the client's
 * transfer is broken off.
 */
export function servePart(source: Artifact, ref: FileRef, pipe: MakePipe, ctx: Context): Artifact {
  const { part } = source;
  if (!part || part === "unsatisfiable") return source;
  const expected = { ...source, size: part.length, digest: undefined };
  const { artifact, filled } = transfer(expected, `${fileLabel(ref)}, a part of it`, undefined, pipe, ctx);
  ctx.defer(filled);
  return { ...source, body: artifact.body };
}

/** An upstream's file, and what it is stored with. */
export interface OpenedSource {
  readonly source: Artifact;
  readonly storing: StoringParts;
}

/**
 * Serves a file, and stores it from the same read so that other requests can follow it. No fill of it may be under way.
 *
 * @returns the artifact to send to the client
 */
export async function serveShared(
  ref: FileRef,
  open: () => Promise<OpenedSource>,
  shared: SharedFills,
  pipe: MakePipe,
  ctx: Context,
): Promise<Artifact> {
  const { fill, opened } = await beginShared(ref, open, shared, ctx);
  const { source, storing } = opened;
  return fill ? follow(fill, ref, storing.files) : serveAndStore(source, ref, storing, pipe, ctx);
}

/**
 * The file that a fill stores, for one more client. Throws `wrong-bytes` where it has been refused before any of it was given, and
 * `upstream-failed` where its transfer has broken off.
 */
export async function follow({ growing }: SharedFill, ref: FileRef, files: FileStore): Promise<Artifact> {
  const artifact = (await growing.wholeSoon()) ?? (await files.get(ref));
  if (artifact) return artifact;
  if (growing.refusal) throw new IndexError("wrong-bytes", otherBytes(ref, growing.refusal.message));
  throw upstreamFailed(ref.origin, `its transfer of ${ref.filename} has just failed`);
}

/** Begins a fill that other requests can follow. */
const beginShared = <Opened extends OpenedSource | null>(
  ref: FileRef,
  open: () => Promise<Opened>,
  shared: SharedFills,
  ctx: Context,
) =>
  shared.begin(
    ref,
    open,
    ({ source, storing }, growing, body) => {
      const sink = growing.storedBy(storing.files.createLater(ref, source));
      const destination = { sink, limit: Infinity, digest: () => growing.digest(), isReadable: true };
      const facts = { ...source, name: fileLabel(ref) };
      return noted(storeForFollowers(body, facts, growing.followers, destination, ctx), source, ref, storing, ctx);
    },
    ctx,
  );

/**
 * Stores a file without serving it, unless another request is storing it or it is large enough for the queue.
 *
 * @param size bytes, if known before the file is opened
 * @param open begins the transfer; null where there is no such file
 * @returns `done` where storing was tried (failures have been reported); `elsewhere` where another request or the queue
 *   stores it
 */
export async function storeWhole(
  size: number | undefined,
  open: () => Promise<Artifact | null>,
  ref: FileRef,
  parts: StoringParts,
  ctx: Context,
): Promise<"done" | "elsewhere" | "absent"> {
  if (!claim(ref, size, parts, ctx)) return "elsewhere";
  let absent = false;
  const opened = async () => {
    const source = await open();
    absent = !source;
    return source && { source, storing: parts };
  };
  const store = async (): Promise<TransferEnd> => {
    const begun = parts.shared
      ? await beginShared(ref, opened, parts.shared, ctx)
      : { fill: null, opened: await opened() };
    if (begun.fill) return begun.fill.ended;
    const source = begun.opened?.source;
    if (!source) return { kind: "not-stored" };
    if (source.size === undefined || source.size <= parts.finishAlone) {
      const filled = storeWithoutClient(source, fileLabel(ref), destinationOf(source, ref, parts), ctx);
      return noted(filled, source, ref, parts, ctx);
    }
    await discard(source);
    return { kind: "outgrown" };
  };
  const outcome = await concluded(store(), ref, parts, ctx);
  if (absent) return "absent";
  return outcome.kind === "outgrown" ? "elsewhere" : "done";
}

/**
 * Has `storing` of a file go on behind an answer. That the upstream fails is reported: the next request has the file
 * stored.
 *
 * @param what has had it stored, for the log
 */
export const storeBehind = (storing: Promise<unknown>, ref: FileRef, what: string, ctx: Context): void =>
  ctx.defer(
    storing.catch((error: unknown) => {
      if (!isUpstreamFailure(error)) throw error;
      ctx.report({ event: "upstream-failed", what: `${fileLabel(ref)}, ${what}`, reason: reasonOf(error) });
    }),
  );

/**
 * Stores a file from upstream, whatever its size and however long that takes.
 *
 * @returns the stored file; or the file without its bytes where they were refused, which has been reported
 */
export async function storeNow(
  ref: FileRef,
  open: () => Promise<OpenedSource>,
  shared: SharedFills | null,
  ctx: Context,
): Promise<Artifact> {
  const begun = shared ? await beginShared(ref, open, shared, ctx) : { fill: null, opened: await open() };
  const { source, storing } = begun.opened;
  if (begun.fill) return whenStored(begun.fill, ref, storing.files);
  const destination = { sink: storing.files.create(ref, source), limit: Infinity };
  await noted(storeWithoutClient(source, fileLabel(ref), destination, ctx), source, ref, storing, ctx);
  return (await storing.files.get(ref)) ?? { ...source, body: null };
}

/** The same for a file that is being stored. */
export async function whenStored({ growing, ended }: SharedFill, ref: FileRef, files: FileStore): Promise<Artifact> {
  await ended;
  return (await files.get(ref)) ?? growing.facts;
}

const destinationOf = (source: Artifact, ref: FileRef, { files, finishAlone }: StoringParts): Destination => ({
  sink: files.create(ref, source),
  limit: finishAlone,
});

/** Skips the comparison of an unverified file with the upstream's for a minute. */
export const skipRecheck = (ref: FileRef, believed: Marks, ctx: Context) =>
  believed.set(fileLabel(ref), true, 0, ctx.now + BELIEVED_TTL);

/** Waits for the end of storing, and records a file that was stored. */
async function noted(
  filling: Promise<TransferEnd>,
  source: Artifact,
  ref: FileRef,
  { uses, believed, touched, refusals, onStored }: StoringParts,
  ctx: Context,
): Promise<TransferEnd> {
  // What is being fetched counts: many files at once may be a day's sum.
  const ended = ctx.allowance?.storing(source.size ?? source.listedSize ?? 0);
  const filled = await filling;
  ended?.(filled.kind === "stored" ? filled.size : 0);
  const label = fileLabel(ref);
  const refusal = filled.kind === "not-stored" ? filled.refusal : undefined;
  if (refusal !== undefined) refusals.set(label, refusal, refusal.length * 2, ctx.now + REFUSED_TTL);
  if (filled.kind === "stored") {
    refusals.delete(label);
    uses.stored(ref, source.project, filled.size, ctx);
    touched.set(label, true, 0, ctx.now + TOUCHED_TTL);
    if (source.unchecked) skipRecheck(ref, believed, ctx);
    await onStored?.(source, filled.size, ctx);
  }
  return filled;
}

/** Claims the storing of a file; false where another request is storing it, or the queue is to store it. */
function claim(ref: FileRef, size: number | undefined, parts: StoringParts, ctx: Context): boolean {
  const { filling, finishAlone, shared } = parts;
  if (filling.get(fileLabel(ref), ctx.now) || shared?.has(ref)) return false;
  if (size !== undefined && size > finishAlone) {
    leaveToQueue(ref, size, parts, ctx);
    return false;
  }
  filling.set(fileLabel(ref), true, 0, ctx.now + CLAIM_TTL);
  return true;
}

/** Releases the claim when storing has ended, and sends a file that turned out too large to the queue. */
async function concluded(
  filled: Promise<TransferEnd>,
  ref: FileRef,
  parts: StoringParts,
  ctx: Context,
): Promise<TransferEnd> {
  let outcome: TransferEnd;
  try {
    outcome = await filled;
  } finally {
    parts.filling.delete(fileLabel(ref));
  }
  if (outcome.kind === "outgrown") leaveToQueue(ref, parts.finishAlone, parts, ctx);
  return outcome;
}

/**
 * Sends the file to the queue, whose consumer stores it. Where sending fails, the next request for the file tries
 * again.
 *
 * @param size bytes, at least
 */
function leaveToQueue(ref: FileRef, size: number, { filling, fills }: StoringParts, ctx: Context): void {
  const name = fileLabel(ref);
  filling.set(name, true, 0, ctx.now + QUEUED_TTL);
  ctx.allowance?.stored(size);
  const failed = (error: unknown) => {
    filling.delete(name);
    ctx.report({ event: "queue-failed", what: name, reason: messageOf(error) });
  };
  ctx.defer(fills.send(ref).catch(failed));
}
