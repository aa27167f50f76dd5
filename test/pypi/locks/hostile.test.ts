import { describe, expect, test } from "vitest";
import { hex, read, refusalOf } from "./support.ts";

const refused = (name: string, text: string) => refusalOf(() => read(name, text));
const META = '"_meta": {"pipfile-spec": 6}';

describe("more than is looked at", () => {
  test("in packages is refused before anything is parsed", () => {
    const many = '[[package]]\nname = "six"\n'.repeat(20_000);
    // What is no TOML behind them is not come to.
    expect(refused("uv.lock", `version = 1\n${many}= = =`)).toBe(
      "unprocessable: uv.lock has 20000 packages, and at most 5000 can be looked at in one go: split what it locks.",
    );
  });

  test.each([
    ["requirements.txt", "six==1.17.0\n".repeat(20_000)],
    [
      "Pipfile.lock",
      `{${META}, "default": {${Array.from({ length: 20_000 }, (_, n) => `"p${n}":{"path":"."}`).join()}}}`,
    ],
    ["pylock.toml", `lock-version = "1.0"\npackages = [${'{name="a",vcs={}},'.repeat(20_000)}]`],
  ])("in packages is refused of a %s", (name, text) => {
    expect(refused(name, text)).toContain(`${name} has 20000 packages, and at most 5000`);
  });

  test("in files or hashes is refused", () => {
    const file = `{file = "six-1.0.zip"},`.repeat(50_001);
    const poetry = `[[package]]\nname = "six"\nversion = "1.0"\nfiles = [${file}]\n`;
    expect(refused("poetry.lock", `${poetry}${poetry}[metadata]\nlock-version = "2.1"`)).toContain(
      "poetry.lock has 100002 files, and at most 100000",
    );
    expect(refused("r.txt", `six==1.0 ${`--hash=md5:${"0".repeat(32)} `.repeat(100_001)}`)).toContain("100001 files");
  });
});

describe("nesting", () => {
  test("that no tool writes is refused", () => {
    expect(refused("uv.lock", `a = ${"[".repeat(200_000)}`)).toContain(
      "uv.lock line 1: this is not TOML (document contains",
    );
    expect(refused("uv.lock", `a = ${"{a=".repeat(200_000)}`)).toContain(
      "uv.lock line 1: this is not TOML (document contains",
    );
    expect(refused("uv.lock", `[${"a.".repeat(100_000)}a]\n`)).toContain("there is no version");
  });

  test("of JSON is gone through without a stack", () => {
    const deep = "[".repeat(500_000) + "]".repeat(500_000);
    expect(refused("Pipfile.lock", `{${META}, "default": {"six": ${deep}}}`)).toContain(
      "six is a list and not an object",
    );
    expect(refused("Pipfile.lock", `{"default": ${"[".repeat(100_000)}`)).toContain("this is not JSON");
  });
});

describe("keys that objects have of themselves", () => {
  test("are read as what somebody wrote, and reach no prototype", () => {
    const proto = '"__proto__": {"version": "==1.0", "polluted": true}';
    expect(refused("Pipfile.lock", `{${META}, "default": {${proto}}}`)).toContain("__proto__ is not a project's name");
    expect(read("Pipfile.lock", `{${META}, "__proto__": {"six": {"version": "==1.0"}}}`).packages).toHaveLength(1);
    expect(read("Pipfile.lock", `{${META}, "default": {"constructor": {"version": "==1.0"}}}`).packages).toHaveLength(
      1,
    );
    expect(
      refused("uv.lock", `__proto__ = { version = 1 }\n[__proto__.polluted]\na = 1\n[constructor]\nprototype = 1\n`),
    ).toMatch(/there is no version|not TOML/);
    expect(refused("Pipfile.lock", `{"__proto__": {"_meta": {"pipfile-spec": 6}}}`)).toContain(
      "there is no pipfile-spec",
    );
    expect("polluted" in {}).toBe(false);
  });

  test("are no algorithms", () => {
    const hashes = `__proto__ = "00", constructor = "00", sha256 = "${hex("a")}"`;
    const text = `lock-version = "1.0"\n[[packages]]\nname = "six"\nsdist = { name = "six-1.0.zip", hashes = { ${hashes} } }\n`;
    expect(read("pylock.toml", text).packages[0]?.files[0]?.digests).toEqual([{ algorithm: "sha256", hex: hex("a") }]);
  });

  test("are no files of a package of that name", () => {
    const text =
      '[[package]]\nname = "constructor"\nversion = "1.0"\n[metadata]\nlock-version = "1.1"\n[metadata.files]\n';
    expect(read("poetry.lock", text).packages[0]?.files).toEqual([]);
  });
});

describe("text that is made to be slow", () => {
  const LONG = 300_000;

  test.each([
    ["requirements.txt", `six${" ".repeat(LONG)}x`],
    ["requirements.txt", `six==1.0${" #\u2028".repeat(LONG)}`],
    ["requirements.txt", `six[${"[".repeat(LONG)}`],
    ["requirements.txt", `${"a-".repeat(LONG)}!`],
    ["requirements.txt", "\\\n".repeat(LONG)],
    ["Pipfile.lock", `{${'"'.repeat(LONG)}`],
    ["Pipfile.lock", `{"a"${" ".repeat(LONG)}`],
    ["Pipfile.lock", "\n".repeat(LONG)],
    ["uv.lock", '"""'.repeat(LONG)],
    ["uv.lock", " ".repeat(LONG)],
    ["uv.lock", "[[ ".repeat(LONG)],
  ])("is read in one go: %s", (name, text) => {
    expect(refused(name, text)).toMatch(/^(?:unprocessable: |accepted)/);
  });

  test("is searched once for the lines of files that are written otherwise", () => {
    const file = '{file = "\\u0061-1.0.zip"},';
    const text = `[[package]]\nname = "a"\nversion = "1.0"\nfiles = [${file.repeat(20_000)}]\n[metadata]\nlock-version = "2.1"\n`;
    const { packages } = read("poetry.lock", text);
    expect(new Set(packages[0]?.files.map(({ line }) => line))).toEqual(new Set([1]));
  });
});
