import { expect, test } from "vitest";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { parseSdistFilename, sdistIdentity, sdistVersion } from "../../worker/pypi/sdist-name.ts";

test.each([
  ["demo-1.0.tar.gz", "demo", "1.0"],
  ["Acme.Demo-Kit-1.0.RC1.tar.gz", "acme-demo-kit", "1.0rc1"],
  ["demo-1.0-2.tar.gz", "demo", "1.0.post2"],
  ["demo-2-1.0.tar.gz", "demo-2", "1.0"],
  ["demo-2-1.0.tar.gz", "demo", undefined],
  ["demo-1.0+Ubuntu.1.tar.gz", "demo", "1.0+ubuntu.1"],
  ["demo-latest.tar.gz", "demo", undefined],
  ["demo-1.0.tar.gz", "other", undefined],
])("%s as an sdist of %s is of version %s", (filename, project, version) => {
  expect(sdistVersion(parseSdistFilename(filename), parseProjectName(project))).toBe(version);
});

test("an sdist has one identity, however its version is written", () => {
  expect(sdistIdentity(parseProjectName("Acme.Demo"), "1.0")).toBe("acme_demo-1.tar.gz");
  expect(sdistIdentity(parseProjectName("acme-demo"), "1.0.0")).toBe("acme_demo-1.tar.gz");
});

test.each([
  "demo-1.0.zip",
  "demo-1.0.tar.bz2",
  "demo-1.0.tgz",
  "demo-1.0-py3.11.egg",
  "demo-1.0.win32.exe",
  "demo-1.0.tar.gz.asc",
  "demo.tar.gz",
  "demo-1.0.TAR.GZ",
  "../demo-1.0.tar.gz",
  "démo-1.0.tar.gz",
  "demo-1.0%2B1.tar.gz",
  "demo-1.0.tar.gz\n",
  "",
])("%j is refused with what to build instead", (filename) => {
  expect(() => parseSdistFilename(filename)).toThrow("build a wheel");
});
