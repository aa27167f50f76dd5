import { createHash } from "node:crypto";
import { SECOND, inSeconds } from "../../duration.ts";
import { messageOf } from "../../errors.ts";
import type { Digest } from "../../pypi/page.ts";
import type { MakePipe } from "../../platform/pipe.ts";
import { byteReader } from "../../repository/byte-reader.ts";
import type { FileSink } from "../../repository/ports/files.ts";
import {
  clientSink,
  optionalSink,
  NO_SINK,
  LimitExceeded,
  StoreConflict,
  WrongFileBytes,
  limitedSink,
  type Sink,
} from "../../repository/sinks.ts";
import { inTime } from "../../repository/timeout.ts";
import type { Artifact } from "../../repository/artifact.ts";
import type { Context } from "../../repository/context.ts";

/** Size of one read: large enough to cost little, small enough to pass bytes on as they arrive. Bytes. */
const CHUNK = 256 * 1024;

/** An upstream that sends nothing for this long in the middle of a file is given up. Milliseconds. */
const IDLE = 30 * SECOND;
const SILENT = `the upstream sent nothing for ${inSeconds(IDLE)} s`;

/** Where a file is to be stored. */
export interface Destination {
  readonly sink: FileSink;
  /** Bytes: a file that turns out larger is not stored. */
  readonly limit: number;
  /** The digest of what was written, where the destination takes it in any case: it is not taken twice. */
  readonly digest?: () => string | undefined;
  /** Whether others read the bytes from there before they are stored: where a digest has verified them, no one waits for that. */
  readonly isReadable?: boolean;
}

/**
 * How storing ended; `size` in bytes. `outgrown`: the file turned out larger than the destination's limit. The reason
 * why a file was refused has been reported.
 */
export type TransferEnd =
  | { readonly kind: "stored"; readonly size: number }
  | { readonly kind: "outgrown" }
  /** `refusal`: in what its bytes differ from what the page says, where they do. */
  | { readonly kind: "not-stored"; readonly refusal?: string | undefined };

/**
 * Serves a file from upstream and stores it, from one read. The client's last bytes are held back until the whole has
 * the size and the digest that the page says and the store has committed it. Wrong bytes are never stored, and the
 * client sees a broken transfer, not a complete one. The digest is computed here as well as by the store, since a store
 * that fails (R2 refuses a second write to a key within a second) must not break a client's download. The upstream is
 * read as long as the client or the store still takes the bytes.
 *
 * @param source the upstream's answer, its body unread
 * @param name the file's name in reports
 * @param destination undefined where this read is not to be stored
 * @returns the artifact to send to the client, and how storing ended, once all is done
 */
export function transfer(
  source: Artifact,
  name: string,
  destination: Destination | undefined,
  pipe: MakePipe,
  ctx: Context,
): { artifact: Artifact; filled: Promise<TransferEnd> } {
  const { size } = source;
  if (!(source.body instanceof ReadableStream))
    return { artifact: source, filled: Promise.resolve({ kind: "not-stored" }) };
  const { readable, writable } = pipe(size);
  const client = optionalSink(clientSink(writable), () => undefined);
  const filled = pump(source.body, { ...source, name }, client, destination, ctx);
  return { artifact: { ...source, body: readable }, filled };
}

/** Stores a file from upstream that no client is waiting for, under the same conditions. */
export async function storeWithoutClient(
  source: Artifact,
  name: string,
  destination: Destination,
  ctx: Context,
): Promise<TransferEnd> {
  if (!(source.body instanceof ReadableStream)) return { kind: "not-stored" };
  return pump(source.body, { ...source, name }, NO_SINK, destination, ctx);
}

/**
 * Stores a file from upstream, under the same conditions, while others read it from where it is written.
 *
 * @param followers are told of its end: committed when the file is verified, and aborted otherwise. No bytes go to them
 */
export const storeForFollowers = (
  body: ReadableStream<Uint8Array>,
  facts: Expected,
  followers: Sink,
  destination: Destination,
  ctx: Context,
): Promise<TransferEnd> => pump(body, facts, followers, destination, ctx);

interface Expected {
  readonly size?: number | undefined;
  readonly digest?: Digest | undefined;
  readonly name: string;
}

/**
 * Writes what it reads to the client and to the store. Does not reject: a failure is reported, and both transfers are
 * aborted.
 */
async function pump(
  source: ReadableStream<Uint8Array>,
  expected: Expected,
  client: Sink,
  destination: Destination | undefined,
  ctx: Context,
): Promise<TransferEnd> {
  const { size, name } = expected;
  const reader = byteReader(source);
  let outgrown = false;
  let stored = false;
  let refusal: string | undefined;
  const store = destination
    ? optionalSink(limitedSink(destination.limit, destination.sink), (error) => {
        outgrown = error instanceof LimitExceeded;
        if (!outgrown && !(error instanceof StoreConflict))
          ctx.report({ event: "storage-failed", what: name, reason: messageOf(error) });
      })
    : NO_SINK;
  const stop = (reason: Error) =>
    Promise.allSettled([reader.cancel(reason), store.abort(reason), client.abort(reason)]);
  const digest = expected.digest && digester(expected.digest, destination?.digest);
  let total = 0;
  let held: Uint8Array | undefined;
  // Memory is filled with zeros: a small file takes no more than it needs.
  const chunk = Math.min(CHUNK, size ?? CHUNK);
  let spare = new ArrayBuffer(chunk);
  try {
    for (;;) {
      const value = await inTime(IDLE, SILENT, reader.read(spare));
      if (!value) break;
      total += value.byteLength;
      if (size !== undefined && total > size)
        throw new WrongFileBytes(`it has more than the ${size} bytes it should have`);
      // The store may write while the digest is computed.
      const written = store.write(value);
      digest?.update(value);
      await written;
      if (held) await client.write(held);
      if (size === undefined || total === size) {
        held = value;
        // Where the size is known, only the end is to come, or one byte too many.
        spare = new ArrayBuffer(size === undefined ? chunk : 1);
      } else {
        await client.write(value);
        spare = value.buffer;
      }
      if (client.left && store.left) {
        await stop(new Error("Neither the client nor the store accepts more bytes."));
        return { kind: outgrown ? "outgrown" : "not-stored" };
      }
    }
    if (size !== undefined && total !== size) throw new Error(`it ended after ${total} of ${size} bytes`);
    digest?.verify();
    const committed = store.commit();
    if (!digest || !destination?.isReadable) await committed;
    if (held) await client.write(held);
    await client.commit();
    await committed;
    stored = !store.left;
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    ctx.report({ event: "file-refused", what: name, reason: reason.message });
    if (error instanceof WrongFileBytes) refusal = error.message;
    await stop(reason);
  }
  if (stored) return { kind: "stored", size: total };
  return outgrown ? { kind: "outgrown" } : { kind: "not-stored", refusal };
}

/** @param taken gives the digest that another takes of the same bytes; without it, it is taken here */
function digester({ algorithm, hex }: Digest, taken: Destination["digest"]) {
  const hash = taken ? undefined : createHash(algorithm);
  return {
    update: (chunk: Uint8Array) => hash?.update(chunk),
    verify() {
      const actual = taken ? taken() : hash?.digest("hex");
      if (actual !== hex) throw new WrongFileBytes(`its ${algorithm} is ${actual} and the project's page says ${hex}`);
    },
  };
}
