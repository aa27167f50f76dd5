import { describe, expect, test } from "vitest";
import { hex, read, refusalOf } from "./support.ts";

const refused = (name: string, text: string) => refusalOf(() => read(name, text));
const META = '"_meta": {"pipfile-spec": 6}';

describe("more than is looked at", () => {
  test("in packages is refused before anything is parsed", () => {
    const many = '[[package]]\nname = "six"\n'.repeat(20_000);
    // What is no TOML behind them is not come to.
    expect(refused("uv.lock", `version = 1\n${many}= = =`)).toBe(
      "unprocessable: uv.lock has more than 5000 packages, which is the limit of one request: split the project's lock into several.",
    );
  });

  test.each([
    // What is no requirement behind them is not come to.
    ["requirements.txt", `${"six==1.17.0\n".repeat(20_000)}!`],
    [
      "Pipfile.lock",
      `{${META}, "default": {${Array.from({ length: 20_000 }, (_, n) => `"p${n}":{"path":"."}`).join()}}}`,
    ],
    ["pylock.toml", `lock-version = "1.0"\npackages = [${'{name="a",vcs={}},'.repeat(20_000)}]`],
  ])("in packages is refused of a %s", (name, text) => {
    expect(refused(name, text)).toContain(`${name} has more than 5000 packages`);
  });

  test("in files or hashes is refused", () => {
    // Where version 1 of a poetry.lock has them, each is a file of every package of that name.
    const packages = '[[package]]\nname = "six"\nversion = "1.0"\n'.repeat(4_000);
    const files = `[metadata.files]\nsix = [${'{file = "six-1.0.zip"},'.repeat(20_000)}]\n`;
    expect(refused("poetry.lock", `${packages}[metadata]\nlock-version = "1.1"\n${files}`)).toContain(
      "poetry.lock has more than 100000 files",
    );
    const pdm = files.replace("six =", '"six 1.0" =');
    expect(refused("pdm.lock", `${packages}[metadata]\nlock_version = "4.0"\n${pdm}`)).toContain(
      "pdm.lock has more than 100000 files",
    );
    expect(refused("r.txt", `six==1.0 ${`--hash=md5:${"0".repeat(32)} `.repeat(100_001)}`)).toContain(
      "r.txt has more than 100000 files",
    );
  });

  const MANY = 130_000;

  test.each([
    ["tables", "uv.lock", `a = [${"{},".repeat(MANY)}]`],
    ["lists", "uv.lock", `a = [${"[],".repeat(MANY)}]`],
    ["keys", "uv.lock", Array.from({ length: MANY }, (_, n) => `k${n}=1`).join("\n")],
    ["parts of keys", "uv.lock", `[${"a.".repeat(MANY)}a]`],
    ["tables behind texts", "uv.lock", `a = ["\\"#", '\\', """\\"""\n#""""", '''#''', #"\n${"{},".repeat(MANY)}]`],
    ["objects", "Pipfile.lock", `[${"{},".repeat(MANY)}`],
    ["keys of objects", "Pipfile.lock", `{${'"k":1,'.repeat(MANY)}`],
  ])("in %s is refused before anything is parsed", (_what, name, text) => {
    // Were it parsed, it would be said to be no TOML or no JSON.
    expect(refused(name, `${text}\n= =`)).toBe(
      `unprocessable: ${name} has more than 120000 tables, lists and keys, which is the limit of one request: split the project's lock into several.`,
    );
  });

  test("is not what stands in texts and comments", () => {
    const signs = "{[=:.".repeat(50_000);
    const texts = [`"\\"${signs}"`, `'${signs}'`, `"""\n"${signs}""""`, `'''\n${signs}'''`];
    expect(refused("uv.lock", `version = 1\n# "${signs}\na = [${texts.join()}]\n`)).toBe("accepted");
  });

  test("is not what a tool writes into as large a lock as is taken", () => {
    const file = `    {file = "a-1.0-cp312-cp312-win32.whl", hash = "sha256:${hex("a")}"},\n`;
    const files = file.repeat(Math.floor((3 * 1024 ** 2) / file.length));
    const text = `[[package]]\nname = "a"\nversion = "1.0"\nfiles = [\n${files}]\n[metadata]\nlock-version = "2.1"\n`;
    expect(read("poetry.lock", text).packages[0]?.files.length).toBeGreaterThan(20_000);
  });
});

describe("where JSON is broken", () => {
  test.each([
    ["", 1],
    ["{", 1],
    ["{\n", 2],
    ["{x\n\n", 1],
    ["{\nx", 2],
    ["{\n\n\nx\n}\n", 4],
    [`{"a":1,\n"b":2\n"c":3\n}\n`, 3],
    [`${"\n".repeat(1_000)}{x${"\n".repeat(1_000)}`, 1_001],
    [`{"a": [${"1,\n".repeat(5_000)}!\n${"1,\n".repeat(50)}]}`, 5_001],
  ])("is told by its line: %#", (text, line) => {
    expect(refused("Pipfile.lock", text)).toContain(`Pipfile.lock line ${line}: this is not JSON`);
  });
});

describe("nesting", () => {
  test("that no tool writes is refused", () => {
    expect(refused("uv.lock", `a = ${"[".repeat(100_000)}`)).toContain(
      "uv.lock line 1: this is not TOML (document contains",
    );
    expect(refused("uv.lock", `a = ${"{a=".repeat(50_000)}\n\nb = 1`)).toContain(
      "uv.lock line 1: this is not TOML (document contains",
    );
    expect(refused("uv.lock", `[${"a.".repeat(100_000)}a]\n`)).toContain("there is no version");
  });

  test("of JSON is gone through without a stack", () => {
    const deep = "[".repeat(110_000) + "]".repeat(110_000);
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
    ["requirements.txt", `--index-url ${"i ".repeat(LONG)}`],
    ["requirements.txt", `--index-url ${"'".repeat(LONG)}`],
    ["requirements.txt", `--index-url https://${"a@".repeat(LONG)}`],
    ["requirements.txt", `--index-url ${"//".repeat(LONG)}`],
    ["requirements.txt", `six==1.0\n# from ${" x".repeat(LONG)}`],
    ["requirements.txt", `six==1.0\n${"# from https://a.example/simple\n".repeat(LONG / 10)}`],
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
