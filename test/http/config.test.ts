import { expect, test } from "vitest";
import { parseConfig } from "../../schema/config.ts";

const GOOD = {
  UPSTREAM_URL: "https://pypi.org/simple",
  PAGE_TTL: "600",
  PUBLIC_URL: "https://pypi.example/",
  LOG: "requests",
};

test("the configuration is read into the units that the code uses", () => {
  expect(parseConfig({ ...GOOD, OTHER: 1 })).toEqual({
    upstream: new URL("https://pypi.org/simple/"),
    pageTtl: 600_000,
    publicUrl: "https://pypi.example",
    logRequests: true,
  });
});

test.each([
  ["UPSTREAM_URL", "pypi.org"],
  ["UPSTREAM_URL", "ftp://pypi.org/simple/"],
  ["UPSTREAM_URL", "http://pypi.org/simple/"],
  ["UPSTREAM_URL", "https://user:secret@pypi.org/simple/"],
  ["UPSTREAM_URL", "https://pypi.org/simple/?x=1"],
  ["UPSTREAM_URL", `https://pypi.org/${"x".repeat(200)}/`],
  ["PAGE_TTL", "ten"],
  ["PAGE_TTL", "-1"],
  ["PUBLIC_URL", "pypi.example"],
  ["LOG", "all"],
])("a wrong %s (%s) is an error that names it", (key, value) => {
  expect(() => parseConfig({ ...GOOD, [key]: value })).toThrow(new RegExp(`The configuration is wrong: ${key}: .+\\.`));
});
