import type { Digest } from "../pypi/page.ts";
import type { FileSink } from "./ports.ts";
import type { Artifact, Context } from "./repository.ts";
import { within } from "./within.ts";

/** One read of the upstream: large enough to cost little, small enough to pass on at the pace at which bytes arrive. */
const CHUNK = 256 * 1024;

/** An upstream that is silent for longer in the middle of a file has gone. Milliseconds. */
const IDLE = 30_000;
const SILENT = `the upstream sent nothing for ${IDLE / 1_000} s`;

/** Up to this size a file is stored to its end although its client has left: the platform gives us 30 s for it. */
export const FINISH_ALONE = 64 * 1024 * 1024;

/**
 * Serves a file from upstream and stores it, from one read. The client's last bytes are held back until the whole has the
 * size and the digest that the page says and the store has committed it: wrong bytes end in a broken transfer, never in a
 * clean end, and are never stored. The digest is taken here as well as by the store, since a store that fails (R2 refuses
 * a second write to a key within a second) must not break a client's download.
 *
 * @param source the upstream's answer, its body unread
 * @param name what to call the file in a report
 * @param sink where to store it; undefined while the store cannot be used
 * @returns the artifact to send to the client, and when all is done
 */
export function fill(
  source: Artifact,
  name: string,
  sink: FileSink | undefined,
  ctx: Context,
): { artifact: Artifact; filled: Promise<void> } {
  const { size } = source;
  if (!(source.body instanceof ReadableStream)) return { artifact: source, filled: Promise.resolve() };
  const client = size === undefined ? new IdentityTransformStream() : new FixedLengthStream(size);
  const kept = sink && tolerant(sink, name, ctx);
  const filled = pump(source.body, { size, digest: source.digest, name }, client.writable, kept, ctx);
  return { artifact: { ...source, body: client.readable }, filled };
}

/** Stores a file from upstream that no client is waiting for, under the same conditions. */
export async function storeAlone(source: Artifact, name: string, sink: FileSink, ctx: Context): Promise<void> {
  if (!(source.body instanceof ReadableStream)) return;
  const { size, digest } = source;
  await pump(source.body, { size, digest, name }, undefined, tolerant(sink, name, ctx), ctx);
}

interface Expected {
  readonly size: number | undefined;
  readonly digest: Digest | undefined;
  readonly name: string;
}

async function pump(
  source: ReadableStream<Uint8Array>,
  expected: Expected,
  writable: WritableStream<Uint8Array> | undefined,
  store: FileSink | undefined,
  ctx: Context,
): Promise<void> {
  const { size } = expected;
  const reader = source.getReader({ mode: "byob" });
  const client = leavable(writable?.getWriter());
  const digest = expected.digest && digester(expected.digest);
  let total = 0;
  let held: Uint8Array | undefined;
  let spare = new ArrayBuffer(CHUNK);
  try {
    for (;;) {
      const { done, value } = await within(IDLE, SILENT, reader.read(new Uint8Array(spare)));
      if (done || value === undefined) break;
      total += value.byteLength;
      if (size !== undefined && total > size) throw new Error(`it has more than the ${size} bytes it should have`);
      await Promise.all([digest?.write(value), store?.write(value)]);
      if (held) await client.write(held);
      if (size === undefined || total === size) {
        held = value;
        spare = new ArrayBuffer(CHUNK);
      } else {
        await client.write(value);
        spare = value.buffer;
      }
      if (client.left && writable && (size ?? Infinity) > FINISH_ALONE) throw new Error("the client left");
    }
    if (size !== undefined && total !== size) throw new Error(`it ended after ${total} of ${size} bytes`);
    await digest?.verify();
    await store?.commit();
    if (held) await client.write(held);
    await client.close();
  } catch (error) {
    const reason = error instanceof Error ? error : new Error(String(error));
    if (!client.left || !writable) ctx.report({ event: "file-refused", what: expected.name, reason: reason.message });
    await Promise.allSettled([reader.cancel(reason), store?.abort(reason), client.abort()]);
  }
}

/** The digest of what passes, to be compared with what the page says. */
function digester({ algorithm, hex }: Digest) {
  const stream = new crypto.DigestStream(algorithm === "md5" ? "MD5" : algorithm.replace("sha", "SHA-"));
  const writer = stream.getWriter();
  return {
    write: (chunk: Uint8Array) => writer.write(chunk),
    async verify() {
      await writer.close();
      const actual = new Uint8Array(await stream.digest).toHex();
      if (actual !== hex) throw new Error(`its ${algorithm} is ${actual} and the project's page says ${hex}`);
    },
  };
}

/**
 * What a client's transfer is broken off with. `retryable` tells the runtime that a connection was lost: any other error it
 * logs as an uncaught exception of ours.
 */
const brokenOff = () => Object.assign(new Error("The transfer was broken off."), { retryable: true });

/** The client's side, which may leave at any time, or never have been there: what it does not take is dropped. */
function leavable(writer: WritableStreamDefaultWriter<Uint8Array> | undefined) {
  const client = {
    left: writer === undefined,
    write: (chunk: Uint8Array) => attempt(() => writer?.write(chunk)),
    close: () => attempt(() => writer?.close()),
    abort: () => attempt(() => writer?.abort(brokenOff())),
  };
  async function attempt(step: () => Promise<void> | undefined) {
    if (client.left) return;
    try {
      await step();
    } catch {
      client.left = true;
    }
  }
  return client;
}

/** A sink that, once it has failed, is out of the way: the failure is reported and the client goes on being served. */
function tolerant(sink: FileSink, name: string, ctx: Context): FileSink {
  let failed = false;
  const attempt = async (step: () => Promise<void>) => {
    if (failed) return;
    try {
      await step();
    } catch (error) {
      failed = true;
      ctx.report({ event: "storage-failed", what: name, reason: String(error) });
      await sink.abort(new Error("The store failed.")).catch(() => undefined);
    }
  };
  return {
    write: (chunk) => attempt(() => sink.write(chunk)),
    commit: () => attempt(() => sink.commit()),
    abort: (reason) => attempt(() => sink.abort(reason)),
  };
}
