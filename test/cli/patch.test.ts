import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { packTar, unpackTar } from "modern-tar";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildWheel } from "../../cli/demo/wheel.ts";
import { temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { applyPatches } from "../../cli/patch/apply.ts";
import { releasesOf } from "../../cli/patch/base.ts";
import { dropFormerMembers } from "../../cli/patch/former-members.ts";
import { forkVersion } from "../../cli/patch/local-version.ts";
import { patchFile } from "../../cli/patch/patch-file.ts";
import { setVersion } from "../../cli/patch/set-version.ts";
import { unpackSdist, unpackZip } from "../../cli/patch/unpack.ts";
import { packWheel } from "../../cli/patch/wheel.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import { zip } from "../support/archive.ts";
import { stagedOf } from "../support/release.ts";

let folder: string;
let tree: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pypi-edge-patch-"));
  tree = join(folder, "tree");
  mkdirSync(tree);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string | Buffer): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}
const read = (path: string) => readFileSync(join(tree, path), "utf8");
const patch = (text: string, name = "fix.patch") => patchFile(name, Buffer.from(text));

const DIFF = "--- a/demo.py\n+++ b/demo.py\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n";

/** A mail with a patch, as `git format-patch` writes it, and mail programs send it. */
const mail = (subject: string, body: string, encoding = "8bit") =>
  `From ${"0".repeat(40)} Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nDate: Mon, 17 Sep 2001 00:00:00 +0000\nSubject: [PATCH] ${subject}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: ${encoding}\n\n${body}\n`;

describe("a patch", () => {
  test.each([
    ["a unified diff", DIFF],
    ["one without the folders a/ and b/", DIFF.replaceAll(/[ab]\/demo/g, "demo")],
    [
      "one of git format-patch",
      `From 0 Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nSubject: [PATCH] fix\n\n---\n demo.py | 2 +-\n\n${DIFF}-- \n2.39\n`,
    ],
    ["one with other line ends after it", `${DIFF}\n\n`],
    ["one that was saved with CR LF", DIFF.replaceAll("\n", "\r\n")],
    [
      "a mail in quoted-printable",
      mail("fix", DIFF.replaceAll("=", "=3D").replace("-two\n", "-tw=\no\n"), "quoted-printable"),
    ],
    ["a mail in base64", mail("fix", Buffer.from(DIFF).toString("base64"), "base64")],
  ])("that is %s is applied", async (_, text) => {
    write("demo.py", "one\ntwo\n");
    expect(await applyPatches(tree, [patch(text)])).toEqual([1]);
    expect(read("demo.py")).toBe("one\nthree\n");
  });

  test("that adds, removes and renames files is applied, and the next is applied to what it leaves", async () => {
    write("demo.py", "one\ntwo\n");
    write("old.py", "gone\n");
    const first = `${DIFF}--- a/old.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n--- /dev/null\n+++ b/sub/new.py\n@@ -0,0 +1 @@\n+here\n`;
    const second = "diff --git a/demo.py b/other.py\nsimilarity index 100%\nrename from demo.py\nrename to other.py\n";
    expect(await applyPatches(tree, [patch(first), patch(second)])).toEqual([3, 1]);
    expect([readdirSync(tree).toSorted(), read("sub/new.py"), read("other.py")]).toEqual([
      ["other.py", "sub"],
      "here\n",
      "one\nthree\n",
    ]);
  });

  test("in a mailbox changes what the ones before it leave, and a refusal says which it is", async () => {
    write("demo.py", "one\ntwo\n");
    const made = "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+here\n";
    const moved = "diff --git a/new.py b/other.py\nsimilarity index 100%\nrename from new.py\nrename to other.py\n";
    const box = mail("cover letter", "none here") + mail("one", `${DIFF}${made}`) + mail("two", moved);
    expect(await applyPatches(tree, [patch(box)])).toEqual([3]);
    expect([readdirSync(tree).toSorted(), read("demo.py")]).toEqual([["demo.py", "other.py"], "one\nthree\n"]);
    const refusal = "fix.patch, patch 2 of 2, does not apply: demo.py at line 1 is not what the patch expects.";
    const again = DIFF.replaceAll("two", "x").replace("+three", "+four");
    const twice = mail("one", DIFF.replace("-two", "-three").replace("+three", "+five")) + mail("two", again);
    await expect(applyPatches(tree, [patch(twice)])).rejects.toThrow(refusal);
  });

  test("in a mail that git cannot decode is refused in a sentence, which says which mail it is", async () => {
    const odd = mail("odd", DIFF).replace("charset=UTF-8", "charset=klingon");
    const advice = "Give --patch a file with the diff alone.";
    await expect(applyPatches(tree, [patch(odd)])).rejects.toThrow(
      `fix.patch: git cannot decode this mail (cannot convert from klingon to UTF-8). ${advice}`,
    );
    await expect(applyPatches(tree, [patch(mail("one", DIFF) + odd)])).rejects.toThrow(
      `fix.patch, mail 2 of 2: git cannot decode this mail (cannot convert from klingon to UTF-8). ${advice}`,
    );
  });

  test.each([
    [
      "is of a binary file, without its bytes",
      "diff --git a/x.bin b/x.bin\nnew file mode 100644\nindex 0000000..1111111\nBinary files /dev/null and b/x.bin differ\n",
      "fix.patch does not apply: it names a binary file without its bytes: make it with git diff --binary.",
    ],
    ["does not find its text", DIFF, "fix.patch does not apply: demo.py at line 1 is not what the patch expects."],
    ["is no diff", "a letter\n", "fix.patch does not apply: it has no unified diff in it."],
    [
      "names a file that is not there",
      DIFF.replaceAll("demo", "none"),
      "fix.patch does not apply: none.py: No such file or directory.",
    ],
    ["leads out of the folder", "--- a/../x\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n", "fix.patch does not apply: "],
  ])("that %s changes nothing, and the sentence says why", async (_, text, sentence) => {
    write("demo.py", "one\n2\n");
    await expect(applyPatches(tree, [patch(text)])).rejects.toThrow(sentence);
    expect([read("demo.py"), readdirSync(folder).toSorted()]).toEqual(["one\n2\n", ["patch-1", "tree"]]);
  });

  test("is applied also where the folders above are a repository of git", async () => {
    execFileSync("git", ["init", "--quiet", folder]);
    write("demo.py", "one\ntwo\n");
    expect(await applyPatches(tree, [patch(DIFF)])).toEqual([1]);
    expect(read("demo.py")).toBe("one\nthree\n");
  });
});

test("a release that is not there is answered with those that are, the highest first", async () => {
  const source = createServer((_, response) =>
    response
      .writeHead(200, { "Content-Type": "text/html" })
      .end(["1.0", "1.10", "1.9", "2.0a1", "0.1", "0.2"].map((each) => `<a href="demo-${each}.tar.gz">x</a>`).join("")),
  );
  await new Promise<void>((done) => source.listen(0, "127.0.0.1", done));
  const url = new URL(`http://127.0.0.1:${(source.address() as AddressInfo).port}/simple/`);
  const releases = await releasesOf(parseProjectName("demo"), { url, login: "__token__:x" });
  try {
    await expect(releases.download("9.9", "sdist", folder)).rejects.toThrow(
      `demo 9.9 is not at ${url.href}, which has 2.0a1, 1.10, 1.9, 1.0, 0.2 and 1 more.`,
    );
  } finally {
    await releases.close();
    source.close();
  }
});

test("where no temporary folder can be made, a sentence says which variable names the place", () => {
  expect(() => temporaryDirectory(join(folder, "none"))).toThrow(
    `No temporary folder can be made in ${join(folder, "none")}: its folder does not exist. Name another place for it in TMPDIR.`,
  );
});

describe("the version of an sdist", () => {
  const to = "1.3+acme.1";
  test.each([
    [
      "PKG-INFO",
      "Metadata-Version: 2.1\nName: demo\nVersion: 1.3\nRequires-Dist: other==1.3\n",
      "Metadata-Version: 2.1\nName: demo\nVersion: 1.3+acme.1\nRequires-Dist: other==1.3\n",
    ],
    ["demo.egg-info/PKG-INFO", "Version: 1.3\r\n", "Version: 1.3+acme.1\r\n"],
    [
      "pyproject.toml",
      '[project]\nname = "demo"\nversion = "1.3"  # here\ndependencies = ["a==1.3"]\n',
      '[project]\nname = "demo"\nversion = "1.3+acme.1"  # here\ndependencies = ["a==1.3"]\n',
    ],
    ["setup.cfg", "[metadata]\nversion = 1.3\n", "[metadata]\nversion = 1.3+acme.1\n"],
    [
      "setup.py",
      "setup(\n    name='demo',\n    version='1.3',\n)\n",
      "setup(\n    name='demo',\n    version='1.3+acme.1',\n)\n",
    ],
    ["src/demo/__init__.py", '__version__: str = "1.3"\n', '__version__: str = "1.3+acme.1"\n'],
    [
      "demo/_version.py",
      ' "version": "1.3",\n version_tuple = (1, 3)\n',
      ' "version": "1.3+acme.1",\n version_tuple = (1, 3)\n',
    ],
    ["VERSION", "1.3\n", "1.3+acme.1\n"],
  ])("is changed in %s, and nothing else of it", (path, before, after) => {
    write(path, before);
    expect([setVersion(tree, "1.3", to), read(path)]).toEqual([[path], after]);
  });

  test("is changed in the files that pyproject.toml names", () => {
    write(
      "pyproject.toml",
      '[tool.hatch.version]\npath = "lib/facts.py"\n[tool.setuptools.dynamic]\nversion = { attr = "demo.facts.VERSION" }\n',
    );
    write("lib/facts.py", 'VERSION = "1.3"\n');
    write("src/demo/facts.py", "VERSION = '1.3'\n");
    expect(setVersion(tree, "1.3", to).toSorted()).toEqual(["lib/facts.py", "src/demo/facts.py"]);
  });

  test("is left alone where it is another one, in tests and in text of any encoding", () => {
    write("demo/__init__.py", Buffer.from([0x23, 0xe9, 0x0a]));
    write("tests/__init__.py", '__version__ = "1.3"\n');
    write("demo/version.py", '__version__ = "1.30"\nname = "version 1.3"\n');
    expect(setVersion(tree, "1.3", to)).toEqual([]);
    expect(readFileSync(join(tree, "demo/__init__.py"))).toEqual(Buffer.from([0x23, 0xe9, 0x0a]));
  });
});

describe("the version of a fork", () => {
  test.each([
    [undefined, [], "1.3+team.a.1"],
    [undefined, ["1.3+team.a.1", "1.3+team-a.2", "1.4+team.a.3"], "1.3+team.a.3"],
    ["acme.1", ["1.3+acme.1"], "1.3+acme.1"],
    ["Acme-1", [], "1.3+acme.1"],
  ])("with the label %s, where there are %j, is %s", (label, taken, version) => {
    expect(forkVersion("1.3", "team-a", label, taken)).toBe(version);
  });

  test("is none where the label is not one of PEP 440", () => {
    expect(() => forkVersion("1.3", "team", "acme!", [])).toThrow("--local acme! is no local label (PEP 440)");
  });
});

test("a wheel that is patched is a valid wheel of the other version, the same each time", async () => {
  const wheel = await buildWheel({
    name: "demo",
    version: "1.3",
    requires: ["other"],
    files: { 'demo/a,"b".txt': "x\n" },
  });
  writeFileSync(join(folder, wheel.filename), wheel.bytes);
  const packed = await Promise.all(
    ["one", "two"].map(async (name) => {
      const [own, output] = [join(folder, name), join(folder, `${name}-out`)];
      for (const each of [own, output]) mkdirSync(each);
      await unpackZip(join(folder, wheel.filename), own);
      writeFileSync(join(own, "demo/__init__.py"), "patched = True\n");
      const filename = await packWheel(own, { filename: wheel.filename, from: "1.3", to: "1.3+acme.1" }, output);
      expect(filename).toBe("demo-1.3+acme.1-py3-none-any.whl");
      return readFileSync(join(output, filename));
    }),
  );
  expect(packed[0]?.equals(packed[1] ?? Buffer.alloc(0))).toBe(true);
  const distribution = await inspect("demo-1.3+acme.1-py3-none-any.whl", stagedOf(packed[0] ?? Buffer.alloc(0)));
  expect([distribution.project, distribution.version]).toEqual(["demo", "1.3+acme.1"]);
});

test("an sdist with two members of one name keeps the last", async () => {
  const path = join(folder, "demo-1.0.tar.gz");
  const member = (name: string, body: string) => ({ header: { name, size: body.length, type: "file" as const }, body });
  const members = [
    member("demo-1.0/PKG-INFO", "old"),
    member("demo-1.0/demo.py", "x"),
    member("demo-1.0/PKG-INFO", "new"),
  ];
  writeFileSync(path, gzipSync(await packTar(members)));
  await dropFormerMembers(path);
  const found = await unpackTar(gunzipSync(readFileSync(path)));
  expect(found.map(({ header, data }) => [header.name, new TextDecoder().decode(data)])).toEqual([
    ["demo-1.0/demo.py", "x"],
    ["demo-1.0/PKG-INFO", "new"],
  ]);
  const before = readFileSync(path);
  await dropFormerMembers(path);
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("an sdist may be a ZIP archive", async () => {
  const path = join(folder, "demo-1.0.zip");
  writeFileSync(path, await zip([{ name: "demo-1.0/demo.py", content: "x" }]));
  expect(await unpackSdist(path, tree)).toBe(join(tree, "demo-1.0"));
  expect(read("demo-1.0/demo.py")).toBe("x");
});
