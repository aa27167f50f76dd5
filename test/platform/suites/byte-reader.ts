import { describe, expect, test } from "vitest";
import type { MakePipe } from "../../../worker/platform/pipe.ts";
import { byteReader } from "../../../worker/repository/byte-reader.ts";
import { byteAt, sourceOf } from "./pattern.ts";

const TOTAL = 1_000;

/** The end of a pipe. */
function piped(pipe: MakePipe, size: number): ReadableStream<Uint8Array> {
  const { readable, writable } = pipe(TOTAL);
  void sourceOf(TOTAL, size).pipeTo(writable);
  return readable;
}

async function collected(next: () => Promise<Uint8Array | undefined>) {
  const sizes: number[] = [];
  const bytes: number[] = [];
  for (let chunk = await next(); chunk; chunk = await next()) {
    sizes.push(chunk.byteLength);
    bytes.push(...chunk);
  }
  return { sizes, isWhole: Uint8Array.from(bytes).every((byte, at) => byte === byteAt(at)), total: bytes.length };
}

/** Reading bytes from the kinds of streams that there are on a platform. */
export function byteReaderSuite(pipe: MakePipe): void {
  describe.each([
    ["a byte stream", (size: number) => sourceOf(TOTAL, size, "bytes")],
    ["a stream of chunks", (size: number) => sourceOf(TOTAL, size)],
    ["a pipe", (size: number) => piped(pipe, size)],
  ])("%s", (_what, open) => {
    test.each([1, 7, 300, 1_000])("in pieces of %i is read to its end, in memory that is used again", async (size) => {
      const reader = byteReader(open(size));
      let memory = new ArrayBuffer(64);
      const { isWhole, total } = await collected(async () => {
        const chunk = await reader.read(memory);
        if (chunk) memory = chunk.slice().buffer;
        return chunk;
      });
      expect([isWhole, total]).toEqual([true, TOTAL]);
    });

    test.each([1, 7, 300, 1_000])("in pieces of %i fills all reads but the last", async (size) => {
      const reader = byteReader(open(size));
      expect(await collected(() => reader.fill(300))).toEqual({
        sizes: [300, 300, 300, 100],
        isWhole: true,
        total: TOTAL,
      });
    });

    test("fills the last read too where it ends there", async () => {
      const reader = byteReader(open(64));
      expect(await collected(() => reader.fill(500))).toEqual({ sizes: [500, 500], isWhole: true, total: TOTAL });
      expect(await reader.fill(10)).toBeUndefined();
    });
  });

  test("a stream that fails rejects both ways of reading", async () => {
    const broken = () => new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("cut")) });
    await expect(byteReader(broken()).read(new ArrayBuffer(8))).rejects.toThrow("cut");
    await expect(byteReader(broken()).fill(8)).rejects.toThrow("cut");
  });
}
