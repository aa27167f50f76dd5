import { describe, expect, test } from "vitest";
import type { MakePipe, Pipe } from "../../../worker/platform/pipe.ts";
import { byteReader } from "../../../worker/repository/byte-reader.ts";
import { fill, readLate } from "./pattern.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** Writes so many bytes, from one piece of memory that is used again after each write. */
async function write({ writable }: Pipe, total: number, chunkSize: number): Promise<void> {
  const writer = writable.getWriter();
  const memory = new Uint8Array(chunkSize);
  for (let offset = 0; offset < total; offset += chunkSize) {
    await writer.write(fill(memory.subarray(0, total - offset), offset));
    memory.fill(0xee);
  }
  await writer.close();
}

/** What reads a stream's chunks, by the kind of reader. */
const READERS: Readonly<Record<string, (stream: ReadableStream<Uint8Array>) => () => Promise<Uint8Array | undefined>>> =
  {
    "with memory of its own": (stream) => {
      const reader = stream.getReader({ mode: "byob" });
      return async () => {
        const { done, value } = await reader.read(new Uint8Array(100_003));
        return done ? undefined : value;
      };
    },
    "that fills its memory": (stream) => {
      const reader = byteReader(stream);
      return () => reader.fill(300_007);
    },
    "without memory": (stream) => {
      const reader = stream.getReader();
      return async () => (await reader.read()).value;
    },
  };

/** The error that a promise rejects with; undefined where it does not. */
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** A promise that has not settled after some turns. */
async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => void (settled = true);
  promise.then(settle, settle);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  return !settled;
}

/** What every platform's pipe does. */
export function pipeSuite(make: MakePipe): void {
  describe.each(Object.entries(READERS))("a late reader %s", (_kind, readerOf) => {
    test.each([
      [1, 1],
      [1_000, 7],
      [65_537, 4_099],
      [3 * MiB + 1, 256 * KiB],
      [5 * MiB, MiB + 13],
      [16 * MiB, 256 * KiB],
    ])("has all of %i bytes that come %i at a time", async (total, chunkSize) => {
      for (const size of [total, undefined]) {
        const made = make(size);
        const [, read] = await Promise.all([write(made, total, chunkSize), readLate(readerOf(made.readable))]);
        expect(read).toEqual({ total, right: true });
      }
    });

    test("has no bytes of none", async () => {
      for (const size of [0, undefined]) {
        const made = make(size);
        const [, read] = await Promise.all([write(made, 0, 1), readLate(readerOf(made.readable))]);
        expect(read).toEqual({ total: 0, right: true });
      }
    });

    test("sees an error where too few bytes were written", async () => {
      const made = make(100);
      const next = readerOf(made.readable);
      // Cloudflare tells the reader alone: `close` resolves there.
      const [read] = await Promise.allSettled([readLate(next), write(made, 99, 10)]);
      expect(read).toMatchObject({ status: "rejected" });
    });

    test("sees an error where too many bytes were written", async () => {
      const made = make(100);
      const next = readerOf(made.readable);
      const writing = failureOf(write(made, 101, 10));
      expect(await failureOf(readLate(next))).toBeInstanceOf(Error);
      expect(await writing).toBeInstanceOf(Error);
    });

    test("sees the writer's abort, whether it waits or comes later", async () => {
      for (const size of [100, undefined]) {
        const made = make(size);
        const next = readerOf(made.readable);
        const waiting = failureOf(next());
        await made.writable.abort(new Error("given up"));
        expect(await waiting).toBeInstanceOf(Error);
        await expect(next()).rejects.toThrow("given up");
      }
    });
  });

  test("an abort rejects the write that waits for a reader", async () => {
    const { writable } = make(100);
    const writer = writable.getWriter();
    const writing = failureOf(writer.write(new Uint8Array(10)));
    await writer.abort(new Error("given up"));
    expect(await writing).toBeInstanceOf(Error);
    expect(await failureOf(writer.write(new Uint8Array(10)))).toBeInstanceOf(Error);
  });

  test.each(["read first", "never read"])("a cancelled stream that was %s refuses what is written", async (when) => {
    const { readable, writable } = make(1_000);
    const writer = writable.getWriter();
    const reader = readable.getReader();
    if (when === "read first") await Promise.all([writer.write(new Uint8Array(10)), reader.read()]);
    const writing = failureOf(writer.write(new Uint8Array(10)));
    await reader.cancel(new Error("left"));
    expect(await writing).toBeInstanceOf(Error);
    expect(await failureOf(writer.write(new Uint8Array(10)))).toBeInstanceOf(Error);
  });

  test("a writer without a reader is stopped", async () => {
    const { writable } = make(undefined);
    const writer = writable.getWriter();
    const writing = (async () => {
      for (let nth = 0; nth < 8; nth++) await writer.write(new Uint8Array(MiB));
    })();
    expect(await isWaiting(writing)).toBe(true);
    const refused = failureOf(writing);
    await writer.abort(new Error("given up"));
    expect(await refused).toBeInstanceOf(Error);
  });

  test("a stream can be piped through it, and into it", async () => {
    const bytes = fill(new Uint8Array(200_000), 0);
    const { readable, writable } = make(bytes.length);
    const source = () => new Response(bytes).body as ReadableStream<Uint8Array>;
    const [copy] = await Promise.all([new Response(readable).bytes(), source().pipeTo(writable)]);
    const through = await new Response(source().pipeThrough(make(bytes.length))).bytes();
    expect([copy.length, through.length]).toEqual([bytes.length, bytes.length]);
    expect([copy, through].every((each) => each.every((byte, at) => byte === bytes[at]))).toBe(true);
  });

  test("what is piped through it and is longer or shorter breaks off", async () => {
    const source = () => new Response(new Uint8Array(1_000)).body as ReadableStream<Uint8Array>;
    expect(await failureOf(new Response(source().pipeThrough(make(999))).bytes())).toBeInstanceOf(Error);
    expect(await failureOf(new Response(source().pipeThrough(make(1_001))).bytes())).toBeInstanceOf(Error);
  });
}
