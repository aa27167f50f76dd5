import { expect, test } from "vitest";
import type { Filename } from "../../worker/pypi/filename.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { newestRelease } from "../../worker/pypi/newest.ts";

const DEMO = parseProjectName("demo");

/** The newest of these files; one that begins with `!` is yanked. */
const newest = (...files: string[]) =>
  newestRelease(
    DEMO,
    files.map((file) => ({
      filename: file.replace("!", "") as Filename,
      url: "",
      hashes: {},
      yanked: file.startsWith("!") ? "" : false,
    })),
  ).map(({ filename }) => filename);

test("the newest release is the highest final version, with all of its files, however each spells it", () => {
  expect(
    newest(
      "demo-1.9.tar.gz",
      "demo-1.10.0-py3-none-any.whl",
      "demo-2.0rc1.tar.gz",
      "demo-1.10.tar.gz",
      "demo-1.2.tar.gz",
      "demo-3.0.dev1-py3-none-any.whl",
    ),
  ).toEqual(["demo-1.10.0-py3-none-any.whl", "demo-1.10.tar.gz"]);
});

test("a yanked file is not of it, and a version that is yanked wholly is not the newest", () => {
  expect(newest("demo-1.0.tar.gz", "!demo-1.0-py3-none-any.whl", "!demo-2.0.tar.gz")).toEqual(["demo-1.0.tar.gz"]);
});

test("pre-releases are taken only where there is nothing else", () => {
  expect(newest("demo-1.0a1.tar.gz", "demo-1.0b2.tar.gz", "demo-1.0.dev9.tar.gz")).toEqual(["demo-1.0b2.tar.gz"]);
  expect(newest("demo-1.0b2.tar.gz", "demo-0.1.tar.gz")).toEqual(["demo-0.1.tar.gz"]);
});

test("a file of another project, or without a version, belongs to no release", () => {
  expect(newest("other-9.0.tar.gz", "demo-2004d.tar.gz", "demo.tar.gz")).toEqual([]);
  expect(newest()).toEqual([]);
});
