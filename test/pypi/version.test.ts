import { expect, test } from "vitest";
import type { Filename } from "../../worker/pypi/filename.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { versionOf } from "../../worker/pypi/version.ts";

test.each([
  ["demo-1.0-py3-none-any.whl", "demo", "1.0"],
  ["Demo_Thing-1.0+cpu-1-py3-none-any.whl", "demo-thing", "1.0+cpu"],
  ["demo-thing-2.0.tar.gz", "demo-thing", "2.0"],
  ["demo-2-1.0.zip", "demo-2", "1.0"],
  ["demo-2-1.0.zip", "demo", "2-1.0"],
  ["demo-1!2.0rc1.tar.bz2", "demo", "1!2.0rc1"],
  ["demo-1.0-py3.8.egg", "demo", "1.0"],
  ["other-1.0.tar.gz", "demo", undefined],
  ["demo.tar.gz", "demo", undefined],
  ["demo-...tar.gz", "demo", undefined],
  ["demo-.tar.gz", "demo", undefined],
])("%s is a file of %s %s", (filename, project, version) => {
  expect(versionOf(filename as Filename, parseProjectName(project))).toBe(version);
});

test("a version is that of the file's own name, whatever name was read before it", () => {
  const names = [
    ["demo-1.0-py3-none-any.whl", "demo", "1.0"],
    ["demo-1.0-1-cp313-none-any.whl", "demo", "1.0"],
    ["demo-1.0-py3.8.egg", "demo", "1.0"],
    ["demo-1.0-py3-none-any.zip", "demo", "1.0-py3-none-any"],
    ["demo-1.0.1-py3-none-any.whl", "demo", "1.0.1"],
    ["demo-1.0-py3-none-any.whl", "demo-1-0", "py3"],
    ["DEMO-1.0-py3-none-any.whl", "demo", "1.0"],
  ] as const;
  for (const before of names) {
    for (const [filename, project, version] of names) {
      versionOf(before[0] as Filename, parseProjectName(before[1]));
      expect(versionOf(filename as Filename, parseProjectName(project))).toBe(version);
    }
  }
});
