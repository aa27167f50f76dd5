import { describe, expect, test } from "vitest";
import { byteReader } from "../../worker/repository/byte-reader.ts";

const TOTAL = 1_000;
const BYTES = new Uint8Array(TOTAL).map((_, at) => at % 251);

/** A stream of these bytes in pieces of `size`. */
function streamOf(size: number, type?: "bytes"): ReadableStream<Uint8Array> {
  let at = 0;
  const source = {
    pull(controller: { enqueue(chunk: Uint8Array): void; close(): void }) {
      if (at < TOTAL) controller.enqueue(BYTES.slice(at, (at += size)));
      else controller.close();
    },
  };
  return type ? new ReadableStream({ ...source, type }) : new ReadableStream(source);
}

const native = (size: number): ReadableStream<Uint8Array> => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const write = async () => {
    for (let at = 0; at < TOTAL; at += size) await writer.write(BYTES.slice(at, at + size));
    await writer.close();
  };
  void write();
  return readable;
};

async function collected(next: () => Promise<Uint8Array | undefined>) {
  const sizes: number[] = [];
  const bytes: number[] = [];
  for (let chunk = await next(); chunk; chunk = await next()) {
    sizes.push(chunk.byteLength);
    bytes.push(...chunk);
  }
  return { sizes, isWhole: Uint8Array.from(bytes).every((byte, at) => byte === BYTES[at]), total: bytes.length };
}

describe.each([
  ["a byte stream", (size: number) => streamOf(size, "bytes")],
  ["a stream of chunks", streamOf],
  ["a stream of the platform", native],
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
