import { Readable } from "node:stream";
import { expect, test, vi } from "vitest";
import { byteStreamOf } from "../../server/byte-stream.ts";

test("chunks larger than the reader's memory are read whole, and nothing is given back to the source", async () => {
  const chunks = [100_000, 1, 300_000].map((size, at) => Buffer.alloc(size, at + 1));
  const source = Readable.from(chunks, { objectMode: false, highWaterMark: 256 * 1024 });
  // Node copies all that it has at hand each time: a gigabyte took minutes.
  const givenBack = vi.spyOn(source, "unshift");
  const reader = byteStreamOf(
    source,
    () => undefined,
    (error) => error,
  ).getReader({ mode: "byob" });
  const read: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(4096));
    if (done) break;
    read.push(value);
  }
  expect(Buffer.concat(read).equals(Buffer.concat(chunks))).toBe(true);
  expect(givenBack).not.toHaveBeenCalled();
});

test("a reader without memory of its own gets as much as there is, and then the end", async () => {
  const chunks = [Buffer.from("one"), Buffer.from("two")];
  const reader = byteStreamOf(
    Readable.from(chunks, { objectMode: false }),
    () => undefined,
    (error) => error,
  ).getReader();
  const read: Uint8Array[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) read.push(next.value);
  expect(Buffer.concat(read).toString()).toBe("onetwo");
  expect(Math.max(...read.map(({ buffer }) => buffer.byteLength))).toBeLessThanOrEqual(6);
});
