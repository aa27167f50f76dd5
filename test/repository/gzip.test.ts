import { expect, test } from "vitest";
import { gzipped, gzippedLines, inflated } from "../../worker/repository/gzip.ts";

const textOf = (size: number) => new TextEncoder().encode('{"filename":"demo-1.0.tar.gz"},\n'.repeat(size / 32));

test.each([0, 32, 65_536, 1_000_000])("two parts of %i bytes are gzipped as one, as lines or not", async (size) => {
  const parts = [textOf(size), textOf(64)];
  for (const make of [gzipped, gzippedLines]) {
    const gzip = await make(...parts);
    const expected = new TextDecoder().decode(textOf(size + 64));
    // The size only says how much memory to make: what is stored beside a page may be wrong.
    for (const told of [size + 64, 0, size * 2])
      expect(new TextDecoder().decode(await inflated(gzip, told)) === expected).toBe(true);
    expect(gzip.byteLength).toBeLessThan(size / 10 + 100);
  }
});

test("what is not gzip, or was cut off, is no bytes", async () => {
  const gzip = await gzipped(textOf(65_536));
  await expect(inflated(textOf(64), 64)).rejects.toThrow(/header|end of file|incorrect/);
  await expect(inflated(gzip.subarray(0, gzip.byteLength - 20), 65_536)).rejects.toThrow(
    /header|end of file|incorrect/,
  );
});
