import { describe, expect, test } from "vitest";
import { environmentsOf } from "../../worker/pypi/environments.ts";
import { requirementsIn } from "../../worker/mirroring/requirements.ts";
import { asMirrorEntry, entryText } from "../../worker/mirroring/entry.ts";
import { parsePlatform } from "../../worker/pypi/platform-tag.ts";
import { parsePython } from "../../worker/pypi/python-tag.ts";

/** What a file with these lines requires, as texts. */
const required = (lines: readonly string[], pythons: string[] = [], platforms: string[] = [], extras: string[] = []) =>
  requirementsIn(
    [{ filename: "demo-1.0-py3-none-any.whl", requires: lines }],
    extras,
    environmentsOf(pythons.map(parsePython), platforms.map(parsePlatform)),
  );

const names = (...asked: Parameters<typeof required>) =>
  required(...asked).requirements.map(
    ({ required: name, extras, specifiers }) =>
      `${name}${extras.length > 0 ? `[${extras.join(",")}]` : ""}${specifiers}`,
  );

describe("what a file requires", () => {
  test.each<[line: string, found: string]>([
    ["six", "six"],
    ["Six (>=1.5,<2)", "six>=1.5,<2"],
    ["uvicorn[standard,Fast_Http]>=0.12 ; extra == 'all'", ""],
    ['typing_extensions>=4 ; python_version < "3.11"', ""],
    ['typing_extensions>=4 ; python_version < "3.13"', "typing-extensions>=4"],
    ['tomli ; python_full_version < "3.12.4"', "tomli"],
    ['tomli ; python_full_version < "3.11"', ""],
    ['colorama ; sys_platform == "win32" or (os_name == "nt" and python_version >= "3")', ""],
    ['greenlet ; platform_machine in "x86_64 AMD64"', "greenlet"],
    ['greenlet ; platform_machine not in "x86_64 AMD64"', ""],
    ['odd ; platform_release == "6"', "odd"],
    ['"3.12" == python_version ; nothing', ""],
  ])("%s", (line, found) => {
    expect(names([line], ["3.12"], ["manylinux_2_28_x86_64"]).join(" ")).toBe(found);
  });

  test("is all that a marker may ask for, where the environment is not known", () => {
    const lines = ['colorama ; sys_platform == "win32"', 'six ; python_version < "3"'];
    expect(names(lines)).toEqual(["colorama", "six"]);
    expect(names(lines, ["3.12"])).toEqual(["colorama"]);
    expect(names(lines, [], ["win_amd64", "macosx_14_0_arm64"])).toEqual(["colorama", "six"]);
  });

  test("has extras only as named, in any spelling", () => {
    const lines = ['pysocks ; extra == "Socks_5"', 'chardet ; extra == "more" and python_version > "3.8"', "idna"];
    expect(names(lines)).toEqual(["idna"]);
    expect(names(lines, [], [], ["socks-5"])).toEqual(["pysocks", "idna"]);
  });

  test("lists addresses and what cannot be read, and follows neither", () => {
    const { requirements, notes } = required(["demo @ https://a.test/demo.whl", "what is this", 'x ; "a" ~ "b"']);
    expect(requirements).toEqual([]);
    expect(notes.map(({ reason }) => reason)).toEqual([
      'it requires "demo @ https://a.test/demo.whl": an address, which is not followed',
      'it requires "what is this", which cannot be read',
      'it requires "x ; \\"a\\" ~ \\"b\\"", which cannot be read',
    ]);
  });
});

test.each<[text: string, entry: string | undefined]>([
  ["Demo_Thing", "demo-thing"],
  ["demo[Fast,a] >=2, <3", "demo[a,fast]>=2, <3"],
  ["acme_*", "acme-*"],
  ["*", "*"],
  ["demo>>1", undefined],
  ["-demo", undefined],
  ["../demo", undefined],
  ["", undefined],
])("%j is the entry %s", (text, entry) => {
  const found = asMirrorEntry(text, false);
  expect(found && entryText(found)).toBe(entry);
});
