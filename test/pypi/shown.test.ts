import { describe, expect, test } from "vitest";
import { escaped, escapedLines, isPrintable, withoutTokens } from "../../worker/pypi/shown.ts";

describe("what controls a terminal, or the direction of text", () => {
  test.each([
    ["a control", "\u001b[31m", "\\u001b[31m"],
    ["a control of the second set", "\u009b31m", "\\u009b31m"],
    ["a line end", "a\nb\r\u2028\u2029", "a\\u000ab\\u000d\\u2028\\u2029"],
    ["an override", "\u202egpj.exe\u202c", "\\u202egpj.exe\\u202c"],
    ["an isolate, and marks", "\u2066\u2069\u200e\u200f\u061c", "\\u2066\\u2069\\u200e\\u200f\\u061c"],
    ["what is not seen", "a\u200bb\ufeff", "a\\u200bb\\ufeff"],
    ["a tag, which is two units", "a\u{e0041}", "a\\udb40\\udc41"],
    ["half a character", "a\ud800b", "a\\ud800b"],
  ])("is written as JSON writes it: %s", (_what, text, written) => {
    expect([escaped(text), isPrintable(text)]).toEqual([written, false]);
    expect(JSON.parse(`"${written}"`)).toBe(text);
  });

  test("is nothing that languages and emoji are written with", () => {
    for (const text of ["Grüße, 世界", "שלום عربى", "می\u200cخواهم", "👩\u200d👧", "a\u00adb", "~`|\\"]) {
      expect([escaped(text), isPrintable(text)]).toEqual([text, true]);
    }
  });

  test("is kept as a line's end in a text of several lines", () => {
    expect(escapedLines("one\u001b\ntwo\u202e\n")).toBe("one\\u001b\ntwo\\u202e\n");
  });
});

test("a token is shown without its secret, wherever it stands", () => {
  const token = `pypi-edge_0123456789abcdef_${"aB-_".repeat(11).slice(0, 43)}`;
  expect(withoutTokens(`a ${token}, ${token}/b and pypi-edge itself`)).toBe(
    "a pypi-edge_0123456789abcdef_…, pypi-edge_0123456789abcdef_…/b and pypi-edge itself",
  );
});
