import { describe, expect, test } from "vitest";
import { asFilename, projectCandidates, type Filename } from "../../worker/pypi/filename.ts";
import { isPrivate } from "../../worker/pypi/host.ts";
import { asProjectName, parseProjectName } from "../../worker/pypi/name.ts";

describe("a project's name", () => {
  test.each([
    ["requests", "requests"],
    ["Flask-SQLAlchemy", "flask-sqlalchemy"],
    ["zope.interface", "zope-interface"],
    ["a_-.b", "a-b"],
    ["7", "7"],
  ])("%s is normalised to %s", (raw, name) => {
    expect(asProjectName(raw)).toBe(name);
  });

  test.each(["", "-a", "a-", ".", "..", "a b", "a/b", "ä", "a\0", "a\n", "a".repeat(201)])("%j is none", (raw) => {
    expect(asProjectName(raw)).toBeUndefined();
    expect(() => parseProjectName(raw)).toThrow(/is not a project name/);
  });
});

describe("a file's name", () => {
  test.each(["", ".", "..", "a/b", "a\\b", "a\0b", "a\nb", "x".repeat(256)])("%j is none", (raw) => {
    expect(asFilename(raw)).toBeUndefined();
  });

  test.each([
    ["numpy-2.4.6-cp311-cp311-linux_x86_64.whl", ["numpy"]],
    ["zope_interface-8.7-cp311-cp311-manylinux1_x86_64.whl", ["zope-interface"]],
    ["six-1.17.0.tar.gz", ["six"]],
    ["numpy-1.0.1.dev3460.win32-py2.4.exe", ["numpy"]],
    ["demo-2-1.0.tar.gz", ["demo-2", "demo"]],
    ["a-1-2-3-4-5.zip", ["a-1-2-3-4", "a-1-2-3", "a-1-2", "a-1", "a"]],
    ["demo-dev.tar.gz", ["demo"]],
    ["demo.tar.gz", []],
    ["-1.0.tar.gz", []],
  ])("%s may belong to %j", (filename, projects) => {
    expect(projectCandidates(filename as Filename)).toEqual(projects);
  });
});

describe("an address of a private network", () => {
  test.each([
    "http://127.0.0.1/",
    "http://localhost/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://10.1.2.3/",
    "http://169.254.169.254/",
    "http://[::1]/",
    "http://[fe80::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://172.31.0.1/",
    "http://192.168.1.1/",
  ])("%s is one", (url) => {
    expect(isPrivate(new URL(url).hostname)).toBe(true);
  });

  test.each([
    "https://pypi.org/",
    "https://172.32.0.1/",
    "https://11.0.0.1/",
    "https://localhost.example.com/",
    "https://[2606:4700::1]/",
  ])("%s is none", (url) => {
    expect(isPrivate(new URL(url).hostname)).toBe(false);
  });
});
