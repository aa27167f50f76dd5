import { describe, expect, test } from "vitest";
import { isCoreMetadata, parseCoreMetadata } from "../../worker/pypi/core-metadata.ts";
import type { Filename } from "../../worker/pypi/filename.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { metadataText } from "../support/wheel.ts";

const fits = (text: string, wheel: string) =>
  isCoreMetadata(new TextEncoder().encode(text), wheel as Filename, parseProjectName("demo"));

test.each([
  ["Demo", "1.0", "demo-1.0-py3-none-any.whl", true],
  ["demo", "1.0+cpu", "demo-1.0+cpu-py3-none-any.whl", true],
  ["demo", "1.0+cpu", "demo-1.0_cpu-py3-none-any.whl", true],
  ["demo", "1!1.0-RC1", "demo-1_1.0_rc1-2-py3-none-any.whl", true],
  ["demo", "6.6", "demo-1.0-py3-none-any.whl", false],
  ["demo", "1.0.1", "demo-1.0-py3-none-any.whl", false],
  ["demo", "10", "demo-1.0-py3-none-any.whl", false],
  ["other", "1.0", "demo-1.0-py3-none-any.whl", false],
])("metadata of %s %s beside %s: %s", (name, version, wheel, expected) => {
  expect(fits(metadataText(name, version), wheel)).toBe(expected);
});

test("metadata without a version, or with one in its description only, is none", () => {
  const headers = "Metadata-Version: 2.1\nName: demo\n";
  expect(fits(headers, "demo-1.0-py3-none-any.whl")).toBe(false);
  expect(fits(`${headers}\nVersion: 1.0\n`, "demo-1.0-py3-none-any.whl")).toBe(false);
});

describe("core metadata of an uploaded file", () => {
  const parse = (text: string) => parseCoreMetadata(new TextEncoder().encode(text), "METADATA");

  test("says which release it is, normalised", () => {
    const text =
      "metadata-version: 2.1\r\nNAME: Acme.Demo\r\nVersion:v1.0-RC1\r\nRequires-Python: >=3.9\r\n\r\nName: other\r\n";
    expect(parse(text)).toEqual({ project: "acme-demo", version: "1.0rc1", requiresPython: ">=3.9" });
  });

  test("has headers that are folded, and more than one of those that may be", () => {
    const text =
      "Metadata-Version: 1.0\nName: demo\nDescription: one\n  Name: two\nLicense:\n\t\u2028\nVersion: 1\nClassifier: a\nClassifier: b\n";
    expect(parse(text)).toEqual({ project: "demo", version: "1" });
  });

  const text = metadataText("demo");
  test.each([
    ["", "has no Metadata-Version"],
    [`\uFEFF${text}`, "has no Metadata-Version"],
    [`\n${text}`, "has no Metadata-Version"],
    [`no field\n${text}`, "has no Metadata-Version"],
    // Python's email passes over these lines and goes on; other parsers end the headers, or go on with the line.
    [text.replace("Name", ":\nName"), 'the line ":"'],
    [text.replace("Name", ": x\nName"), 'the line ": x"'],
    [text.replace("Name", "From x\nName"), 'the line "From x"'],
    [`From x\n${text}`, 'the line "From x"'],
    [` folded\n${text}`, 'the line "folded"'],
    [text.replace("Name", "From x\n folded\nName"), 'the line "From x"'],
    [text.replace("Version: 1.0\n", "Version: 1.0\r"), 'the line "Version: 1.0"'],
    [text.replace("Version: 1.0\n", "Version: 1.0\nSummary: a\rRequires-Dist: b\n"), 'the line "Summary: a"'],
    // Which of these is a name, versions of Python differ in.
    [text.replace("Name: demo", "Name:\n demo"), 'the Name "\\n demo"'],
    [text.replace("Version: 1.0", "Version: 1.0\n "), 'the Version "1.0\\n"'],
    [text.replace("demo", "demo\u00a0"), "the Name"],
    [text.replace("demo", "\u2028demo"), "the Name"],
    [text.replace("demo", "de\u0000mo"), "the Name"],
    [text.replace("2.1", "3.0"), 'Metadata-Version "3.0"'],
    [text.replace("Name: demo\n", ""), "has no Name"],
    [text.replace("demo", "-demo"), 'the Name "-demo"'],
    [text.replace("demo", "demo\n x"), 'the Name "demo\\n x"'],
    [text.replace("Version: 1.0\n", ""), "has no Version"],
    [text.replace("1.0", "latest"), 'the Version "latest"'],
    [`Name: other\n${text}`, "has Name 2 times"],
    [`Requires-Python: 3\n${text}`, 'the Requires-Python "3"'],
    [`Requires-Python: >=3,\n <4\n${text}`, 'the Requires-Python ">=3,\\n <4"'],
    // Current installers pass over such a release, and its filename would be used up.
    [`Requires-Dist: six seven\n${text}`, 'the Requires-Dist "six seven"'],
    [`Requires-Dist: six>=1\nRequires-Dist: six>dev\n${text}`, 'the Requires-Dist "six>dev"'],
    [`Requires-Dist: six; python_version\n${text}`, 'the Requires-Dist "six; python_version"'],
  ])("is refused: %j", (wrong, sentence) => {
    expect(() => parse(wrong)).toThrow(sentence);
  });

  test("may require what PEP 508 allows, addresses among it", () => {
    const requires = ["six", "six (>=1,<2)", "Six[a, B] ~=1.0 ; extra == 'x'", "six @ git+https://acme.example/six@v1"];
    requires.push(`six; ${"python_version == '3.9' or ".repeat(200)}os_name == 'nt'`);
    const lines = requires.map((each) => `Requires-Dist: ${each}\n`).join("");
    expect(parse(`${lines}${text}`)).toMatchObject({ project: "demo" });
  });

  test("may have anything behind its headers", () => {
    expect(parse(`${text.trimEnd()}\n\n:\rFrom x\n x\nName: other\n`)).toMatchObject({ project: "demo" });
    expect(parse(`${text.trimEnd()}\nno field\nFrom x\nName: other\n`)).toMatchObject({ project: "demo" });
  });

  test("is refused with more specifiers than a row of the database holds", () => {
    const specifiers = `>=3${",".repeat(2_000_000)}`;
    expect(() => parse(`Requires-Python: ${specifiers}\n${text}`)).toThrow("a Requires-Python of 2000003 characters");
  });
});
