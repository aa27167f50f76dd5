import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const TEXT = readFileSync(join(ROOT, "SECURITY.md"), "utf8");

/** The promises, each with the tests below it. */
const claims = TEXT.slice(TEXT.indexOf("## What pypi-edge promises"), TEXT.indexOf("## What is not defended"))
  .split(/^(?=- \*\*)/m)
  .slice(1)
  .map((text) => ({
    claim: text.slice(0, text.indexOf("**", 4)),
    tests: [...text.matchAll(/^ +- `(test\/[^`]+)`: "(.+)"$/gm)].map(([, file = "", title = ""]) => ({ file, title })),
  }));

test("every promise of SECURITY.md names the tests that fail without its defence", () => {
  expect(claims.length).toBeGreaterThan(20);
  expect(claims.filter(({ tests }) => tests.length === 0).map(({ claim }) => claim)).toEqual([]);
});

test.each(claims.flatMap(({ tests }) => tests))('$file has a test "$title"', ({ file, title }) => {
  const path = join(ROOT, file);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  expect(text.includes(JSON.stringify(title))).toBe(true);
});

test("what is not defended is said", () => {
  expect(TEXT).toMatch(/^## What is not defended\n\n- \*\*/m);
});
