import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { READER_NAMES, READERS, shareOf } from "./readers.ts";
import { compare } from "./run.ts";
import { openSides, type Open } from "./sides.ts";

const CASES = 10_000;

// One that has been looked through: others, and more cases, by `npm run fuzz -- --seed N --cases N`.
const SEED = 1;

const python = inject("python");

let sides: Open;
beforeAll(async () => {
  sides = await openSides(python ?? undefined);
});
afterAll(() => sides?.close());

test.for(READER_NAMES)("what both read, Python and we read alike: %s", async (reader, { skip }) => {
  skip(python === null && READERS[reader].needsPackaging, "packaging and pip cannot be had on this machine");
  const { differences, both } = await compare(sides, reader, SEED, { from: 0, to: shareOf(reader, CASES) });
  // Where nothing is read by both, nothing was compared.
  expect(both).toBeGreaterThan(100);
  expect(differences.map(({ bytes, ...difference }) => ({ ...difference, bytes: bytes.toString() }))).toEqual([]);
});
