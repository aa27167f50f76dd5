import { expect, test } from "vitest";
import { counted } from "../../worker/pypi/counted.ts";

test("says numbers of things as people write them", () => {
  expect([0, 1, 2, 24_500].map((count) => counted(count, "record"))).toEqual([
    "0 records",
    "1 record",
    "2 records",
    "24,500 records",
  ]);
  expect([1, 2].map((count) => counted(count, "entry", "entries"))).toEqual(["1 entry", "2 entries"]);
});
