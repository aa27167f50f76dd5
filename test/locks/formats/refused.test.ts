import { describe, expect, test } from "vitest";
import { readLock } from "../../../worker/locks/formats/read.ts";
import { hex, read, refusalOf } from "./support.ts";

const refused = (name: string, text: string) => refusalOf(() => read(name, text));
const bytes = (name: string, raw: readonly number[]) => refusalOf(() => readLock(name, Uint8Array.from(raw)));
const latin1 = (text: string) => Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));

describe("a name", () => {
  test.each(["package-lock.json", "Cargo.lock", "pylock.a.b.toml", "Pipfile", "", "uv.lock/", "__proto__"])(
    "%j is no lock file's, and the known ones are listed",
    (name) =>
      expect(refused(name, "")).toMatch(/is not a lock file's name: it must be uv\.lock, poetry\.lock, .*requirements/),
  );

  test("may have a path before it, which is left out of the sentence", () => {
    expect(refused("C:\\work\\uv.lock", "x")).toMatch(/^unprocessable: uv\.lock line 1: /);
    expect(refused("/home/me/uv.lock", "x")).toMatch(/^unprocessable: uv\.lock line 1: /);
  });
});

describe("a text", () => {
  test("in Latin-1 is refused with the byte and its line", () => {
    expect(bytes("uv.lock", latin1("version = 1\n\n# caf\u00e9 au lait\n"))).toBe(
      "unprocessable: uv.lock is not UTF-8 text: byte 0xE9 at line 3 is invalid. Save it as UTF-8, and try again.",
    );
  });

  test("may have a replacement character of its own", () => {
    expect(read("requirements.txt", "six==1.17.0 # \uFFFD").packages).toHaveLength(1);
    const both = [...new TextEncoder().encode("# \uFFFD\n# "), 0xe9];
    expect(bytes("requirements.txt", both)).toContain("byte 0xE9 at line 2");
  });

  test("in UTF-16, as PowerShell writes it, is told by its name", () => {
    expect(bytes("requirements.txt", [0xff, 0xfe, 0x73, 0])).toMatch(/is UTF-16 text.*save it as UTF-8/);
    expect(bytes("requirements.txt", [0xfe, 0xff, 0, 0x73])).toMatch(/is UTF-16 text/);
  });

  test("that is compressed is told to be that", () => {
    expect(bytes("uv.lock", [0x1f, 0x8b, 8, 0])).toBe(
      "unprocessable: uv.lock is compressed with gzip: unpack it, and try again.",
    );
  });

  test("with a NUL in it is none", () => {
    expect(refused("requirements.txt", "six==1.17.0\ni\0d\0")).toContain("requirements.txt line 2: there is a NUL");
    expect(refused("uv.lock", "version = 1\0")).toContain("uv.lock line 1: there is a NUL");
  });

  test("that is no TOML is refused with line, column and reason", () => {
    expect(refused("uv.lock", 'version = 1\n<<<<<<< HEAD\nname = "x"\n')).toMatch(
      /^unprocessable: uv\.lock line 2: this is not TOML \(.+, column \d+\); make the file again\.$/,
    );
    expect(refused("poetry.lock", "a = 1\na = 2\n")).toContain(
      "poetry.lock line 2: this is not TOML (trying to redefine",
    );
  });

  test.each([
    ['{\n  "_meta": {\n    "a": }\n}\n', 3, "Unexpected token '}'"],
    ['{\n  "_meta": {}\n  "default": {}\n}\n', 3, "Expected ',' or '}' after property value"],
    ['{\n  "_meta": {},\n  "default": {\n', 4, "Expected property name or '}'"],
    ['{\n  "_meta": "a\n"\n}\n', 2, "Bad control character in string literal"],
    ["{}\n\n}", 3, "Unexpected non-whitespace character"],
    ["", 1, "Unexpected end of JSON input"],
  ])("that is no JSON is refused with its line and reason: %j", (text, line, why) => {
    expect(refused("Pipfile.lock", text)).toBe(
      `unprocessable: Pipfile.lock line ${line}: this is not JSON (${why}); make the file again with its tool.`,
    );
  });
});

describe("a format", () => {
  test.each([
    ["uv.lock", "version = 2", "version is 2, but only version 1 is supported"],
    ["uv.lock", "revision = 1", "there is no version, so this is not one of the tool's lock files"],
    ["poetry.lock", '[metadata]\nlock-version = "3.0"', "lock-version is 3.0, but only lock-version 1 or 2 is"],
    ["poetry.lock", "", "there is no lock-version"],
    ["pdm.lock", '[metadata]\nlock_version = "5.0.0"', "lock_version is 5.0.0, but only"],
    ["pylock.toml", 'lock-version = "2.0"', "lock-version is 2.0, but only"],
    ["pylock.toml", 'lock-version = "1.0-evil"', "lock-version is 1.0-evil, but only"],
    ["pylock.toml", "lock-version = 12345678901234567890", "lock-version is 12345678901234567890, but only"],
    ["Pipfile.lock", '{"_meta": {"pipfile-spec": 7}}', "pipfile-spec is 7, but only"],
    ["Pipfile.lock", "{}", "there is no pipfile-spec"],
  ])("of %s that is newer than known is refused: %j", (name, text, why) => {
    expect(refused(name, text)).toContain(`unprocessable: ${name} line 1: ${why}`);
  });

  test.each([
    ["uv.lock", "version = 1\nrevision = 99\nnew = [1]"],
    ["poetry.lock", '[metadata]\nlock-version = "2.9"'],
    ["pdm.lock", '[metadata]\nlock_version = "4.99"'],
    ["pylock.toml", 'lock-version = "1.7"'],
  ])("of %s with a newer minor is read", (name, text) => {
    expect(read(name, text)).toEqual({ packages: [], elsewhere: [] });
  });
});

describe("a shape that is not as it must be", () => {
  const uv = (body: string) => `version = 1\n[[package]]\n${body}`;
  const six = 'name = "six"\nversion = "1.17.0"\nsource = { registry = "https://pypi.org/simple" }\n';

  test.each([
    ["no name", uv('version = "1"'), 2, "a package has no name"],
    ["a name that is none", uv('name = "-six-"'), 2, "-six- is not a project's name"],
    ["no source", uv('name = "six"'), 2, "six has no source"],
    ["a source that is no table", uv('name = "six"\nsource = 1'), 2, "source is 1 and not a table"],
    ["no version", uv(six.replace(/version.*\n/, "")), 2, "six has no version"],
    [
      "a version that is none",
      uv(six.replace("1.17.0", "../..")),
      2,
      "six has the version ../.., which is not a version",
    ],
    ["wheels that are no list", uv(`${six}wheels = 1`), 2, "wheels is 1 and not a list"],
    ["a wheel that is no table", uv(`${six}wheels = [1]`), 2, "1 is not a file's table"],
    ["a wheel without a name", uv(`${six}wheels = [{ size = 1 }]`), 2, "a file has neither a name nor a URL"],
    ["a URL that is none", uv(`${six}wheels = [\n{ url = "no URL" }]`), 7, "a file's url is not a URL"],
    ["a URL that is a number", uv(`${six}wheels = [{ url = 1 }]`), 2, "url is 1 and not a text"],
    ["a URL without a file", uv(`${six}wheels = [\n{ url = "https://h.example/" }]`), 7, '"" is not a file\'s name'],
    ["a path for a name", uv(`${six}wheels = [\n{ filename = "../x.whl" }]`), 7, '"../x.whl" is not a file\'s name'],
    [
      "an encoded one",
      uv(`${six}wheels = [\n{ url = "https://h.example/..%2Fx.whl" }]`),
      7,
      '"../x.whl" is not a file\'s name',
    ],
    [
      "a hash cut short",
      uv(`${six}sdist = { filename = "six-1.zip", hash = "sha256:00" }`),
      6,
      "00 is not a sha256 in hex",
    ],
    ["a hash that is a table", uv(`${six}sdist = { filename = "six-1.zip", hash = {} }`), 6, "a table is not a hash"],
    ["packages that are no list", "version = 1\npackage = 1", 1, "package is 1 and not a list"],
    ["a package that is no table", "version = 1\npackage = [1]", 1, "a package is 1 and not a table"],
  ])("is told with its line: %s", (_, text, line, why) => {
    expect(refused("uv.lock", text)).toContain(`unprocessable: uv.lock line ${line}: ${why}`);
  });

  test.each([
    ["[]", "this is JSON but not an object"],
    ['{"_meta": {"pipfile-spec": 6}, "default": []}', "default is a list and not a table"],
    ['{"_meta": {"pipfile-spec": 6}, "default": {"six": 1}}', "six is 1 and not an object"],
    ['{"_meta": {"pipfile-spec": 6}, "default": {"six": {"version": "*"}}}', "six is not pinned with =="],
    ['{"_meta": {"pipfile-spec": 6}, "default": {"six": {}}}', "six is not pinned with =="],
    ['{"_meta": {"pipfile-spec": 6}, "default": {"six": {"version": "==1", "hashes": {}}}}', "hashes is a table"],
  ])("is told of a Pipfile.lock: %s", (text, why) => {
    expect(refused("Pipfile.lock", text)).toContain(`unprocessable: Pipfile.lock line 1: ${why}`);
  });

  test("is shown short and without control characters", () => {
    const message = refused("uv.lock", uv(`name = "\\u001b[31m${"x".repeat(1_000)}"`));
    expect(message).toContain(" [31mxxx");
    expect(message.length).toBeLessThan(400);
  });
});

test("a digest is taken in capitals, too", () => {
  const { packages } = read("r.txt", `six==1.17.0 --hash=SHA256:${hex("A")}`);
  expect(packages[0]?.digests).toEqual([{ algorithm: "sha256", hex: hex("a") }]);
});
