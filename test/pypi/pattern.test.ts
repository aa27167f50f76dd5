import { expect, test } from "vitest";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { coversPattern, matcher } from "../../worker/pypi/pattern.ts";

test.each([
  ["torch", "torch", true],
  ["torch", "torchvision", false],
  ["Zope.Interface", "zope-interface", true],
  ["acme-*", "acme-web", true],
  ["acme_*", "acme.web", true],
  ["acme-*", "acme", false],
  ["acme-*", "my-acme-web", false],
  ["*", "anything", true],
  ["*-stubs", "pandas-stubs", true],
  ["*-stubs", "stubs", false],
  ["a*a", "a", false],
  ["a*a", "aa", true],
  ["a*b*c", "a-b-b-c", true],
  ["a*b*c", "a-c-b", false],
  ["a*b*b", "ab", false],
  ["**x**", "axb", true],
])("the pattern %s means %s: %s", (pattern, name, isMeant) => {
  expect(matcher(pattern)(parseProjectName(name))).toBe(isMeant);
});

test.each([
  ["acme-*", "acme-*", true],
  ["acme-*", "ACME.web-*", true],
  ["acme-*", "acme-web", true],
  ["*", "a*b", true],
  ["acme-*", "acme*", false],
  ["acme-*", "*", false],
  ["acme-web", "acme-*", false],
  ["a*c", "a*b*c", true],
  ["a*b*c", "a*c", false],
])("the pattern %s includes %s: %s", (pattern, narrower, isIncluded) => {
  expect(coversPattern(pattern, narrower)).toBe(isIncluded);
});

test("a pattern of a hundred stars is read as fast as any", () => {
  const name = parseProjectName("a".repeat(200));
  expect(matcher(`${"a*".repeat(100)}b`)(name)).toBe(false);
});
