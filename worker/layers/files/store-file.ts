import { messageOf } from "../../errors.ts";
import { nameOf, type FileRef } from "../../pypi/file-url.ts";
import { transfer, storeAlone, type Destination, type TransferEnd } from "./transfer.ts";
import type { FileStore, FillQueue } from "../../repository/ports/files.ts";
import type { Marks } from "../../repository/ports/freshness.ts";
import type { Uses } from "../../repository/ports/stored-objects.ts";
import { discard, type Artifact } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";

/** Up to this size a file is stored to its end although its client has left: the platform gives us 30 s for it. Bytes. */
export const FINISH_ALONE = 64 * 1024 * 1024;

/** How long it is believed at the most that a request is storing a file. Milliseconds. */
const FILLING = 60_000;

/** The same of a file that was left to the queue, where a large one takes its time, and a message may be lost. Milliseconds. */
const QUEUED = 10 * 60_000;

/** How long what nothing has verified is served before the upstream is asked whether it still has the same. Milliseconds. */
const BELIEVED = 60_000;

/** What files are stored with. */
export interface StoringParts {
  readonly files: FileStore;
  /** Is told of what was stored. */
  readonly uses: Uses;
  /** Files that this isolate is storing: R2 refuses a second write to a key within a second, and one is enough. */
  readonly filling: Marks;
  /** Files that nothing has verified, and that were just fetched from the upstream or compared with its own. */
  readonly believed: Marks;
  /** Takes the files that are too large to be stored beside an answer. */
  readonly fills: FillQueue;
  /** Bytes; larger files are left to the queue. */
  readonly finishAlone: number;
  /** Is told of each file that was verified and stored, with its size in bytes. */
  readonly onStored?: ((artifact: Artifact, size: number, ctx: Context) => Promise<void>) | undefined;
}

/**
 * Serves a file from upstream, and stores it from the same read where it is small enough to be finished without its client.
 *
 * @param parts undefined while the store cannot be used
 * @returns the artifact to send to the client
 */
export function serveAndStore(source: Artifact, ref: FileRef, parts: StoringParts | undefined, ctx: Context): Artifact {
  const mine = parts && claim(ref, source.size ?? source.listedSize, parts, ctx);
  const destination = mine ? destinationOf(source, ref, parts) : undefined;
  const { artifact, filled } = transfer(source, nameOf(ref), destination, ctx);
  ctx.defer(mine ? concluded(noted(filled, source, ref, parts, ctx), ref, parts, ctx) : filled);
  return artifact;
}

/**
 * Stores a file of which no client wants the whole, where no other request does so and it is not for the queue.
 *
 * @param size bytes, where they are known before the file is opened
 * @param open begins the transfer; null where there is no such file
 * @returns `done` where it was tried: what went wrong has been reported; `elsewhere` where it is left to others
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
  const store = async (): Promise<TransferEnd> => {
    const source = await open();
    absent = !source;
    if (!source) return { kind: "not-stored" };
    if (source.size === undefined || source.size <= parts.finishAlone) {
      const filled = storeAlone(source, nameOf(ref), destinationOf(source, ref, parts), ctx);
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
 * Stores a file from upstream, whatever its size and however long that takes.
 *
 * @returns what the store then has, or the file without its bytes where they were refused; the reason has been reported
 */
export async function storeNow(source: Artifact, ref: FileRef, parts: StoringParts, ctx: Context): Promise<Artifact> {
  const destination = { sink: parts.files.create(ref, source), limit: Infinity };
  await noted(storeAlone(source, nameOf(ref), destination, ctx), source, ref, parts, ctx);
  return (await parts.files.get(ref)) ?? { ...source, body: null };
}

const destinationOf = (source: Artifact, ref: FileRef, { files, finishAlone }: StoringParts): Destination => ({
  sink: files.create(ref, source),
  limit: finishAlone,
});

/** Has the upstream left alone about a file that nothing has verified, for a minute. */
export const believe = (ref: FileRef, believed: Marks, ctx: Context) =>
  believed.set(nameOf(ref), true, 0, ctx.now + BELIEVED);

/** How the storing of a file ends, which is noted where it was stored. */
async function noted(
  filling: Promise<TransferEnd>,
  source: Artifact,
  ref: FileRef,
  { uses, believed, onStored }: StoringParts,
  ctx: Context,
): Promise<TransferEnd> {
  const filled = await filling;
  if (filled.kind === "stored") {
    uses.stored(ref, source.project, filled.size, ctx);
    if (source.unchecked) believe(ref, believed, ctx);
    await onStored?.(source, filled.size, ctx);
  }
  return filled;
}

/** Takes the storing of a file on; false where another request is storing it, or the queue is to. */
function claim(ref: FileRef, size: number | undefined, parts: StoringParts, ctx: Context): boolean {
  const { filling, finishAlone } = parts;
  if (filling.get(nameOf(ref), ctx.now)) return false;
  if (size !== undefined && size > finishAlone) {
    leaveToQueue(ref, parts, ctx);
    return false;
  }
  filling.set(nameOf(ref), true, 0, ctx.now + FILLING);
  return true;
}

/** Gives the claim back when the storing has ended, and leaves to the queue what turned out too large. */
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
    parts.filling.delete(nameOf(ref));
  }
  if (outcome.kind === "outgrown") leaveToQueue(ref, parts, ctx);
  return outcome;
}

/** Has a file stored by whoever reads the queue. Where the message is not taken, the next client tries again. */
function leaveToQueue(ref: FileRef, { filling, fills }: StoringParts, ctx: Context): void {
  const name = nameOf(ref);
  filling.set(name, true, 0, ctx.now + QUEUED);
  const failed = (error: unknown) => {
    filling.delete(name);
    ctx.report({ event: "queue-failed", what: name, reason: messageOf(error) });
  };
  ctx.defer(fills.send(ref).catch(failed));
}
