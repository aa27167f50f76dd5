import { expect, test } from "vitest";
import { headersOf } from "../../worker/pypi/headers.ts";

/** As `email.message_from_string` of Python 3.11 reads the same texts, its values without the blanks at their ends. */
test.each<[string, Record<string, string[]>]>([
  ["A: 1\nb:2\n\nC: 3\n", { a: ["1"], b: ["2"] }],
  ["A: 1\n:x\nB: 2\n", { a: ["1"], b: ["2"], "": [":x"] }],
  ["A: 1\nFrom x\n y\nB: 2\n", { a: ["1"], b: ["2"], "": ["From x", "y"] }],
  ["A: 1\nFromage\nB: 2\n", { a: ["1"] }],
  ["A: 1\nFrom: x\n", { a: ["1"], from: ["x"] }],
  [" x\nA: 1\n", { a: ["1"], "": ["x"] }],
  ["A: 1\n x\nA: 2\n\ty\n", { a: ["1\n x", "2\n\ty"] }],
  ["A: 1\n \nB: 2\n", { a: ["1\n"], b: ["2"] }],
  ["A: 1\rB: 2\r\nC: 3", { a: ["1"], b: ["2"], c: ["3"], "": ["A: 1"] }],
  ["A: 1\r\r\nB: 2", { a: ["1"], "": ["A: 1"] }],
  ["A B: 1\nC: 2", {}],
  ["A:1:2\n", { a: ["1:2"] }],
  ["A : 1\n", {}],
  ["é: 1\n", {}],
  ["A:\u00a01\u2028\n", { a: ["\u00a01\u2028"] }],
  ["", {}],
])("the headers of %j", (text, headers) => {
  expect(Object.fromEntries(headersOf(text))).toEqual(headers);
});

test("blanks, and lines without end, take no longer than their length: else this test ends by its time limit", () => {
  for (const unit of [" ", "\t ", " \n", " x\n", ":\n", "\r", "From "]) {
    expect(headersOf(`A: ${unit.repeat(2_000_000 / unit.length)}x\n`).has("a")).toBe(true);
  }
});
