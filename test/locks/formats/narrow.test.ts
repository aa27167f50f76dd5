import { describe, expect, test } from "vitest";
import type { Filename } from "../../../worker/pypi/filename.ts";
import { narrowing } from "../../../worker/locks/formats/narrow.ts";
import { refusalOf } from "./support.ts";

const files = (...names: readonly string[]) => names.map((name) => ({ filename: name as Filename }));

/** Which of wheels with these tags are wanted; none is an empty list. */
const wanted = (tags: readonly string[], python?: string, platform?: string) =>
  narrowing(
    python,
    platform,
  )(files(...tags.map((tag) => `demo-1.0-${tag}.whl`))).map(({ filename }) =>
    filename.slice("demo-1.0-".length, -".whl".length),
  );

describe("python=3.12", () => {
  test.each([
    "cp312-cp312-win_amd64",
    "cp312-none-any",
    "cp38-abi3-manylinux2014_x86_64",
    "cp312-abi3-win32",
    "py3-none-any",
    "py2.py3-none-any",
    "py38-none-any",
    "py312-none-any",
    "cp311.cp312-cp311.cp312-win32",
    "1-py3-none-any",
    "CP312-CP312-win32",
    "cp32-abi3-win32",
    "py30-none-any",
    "cp311.cp312-none-any",
    "cp312-cp312.none-any",
    "py2.py3-none-any.win32",
  ])("takes %s", (tag) => expect(wanted([tag], "3.12")).toEqual([tag]));

  test.each([
    "cp311-cp311-win_amd64",
    "cp313-cp313-win_amd64",
    "cp313-abi3-win_amd64",
    "cp312-cp312t-win_amd64",
    "cp311-none-any",
    "cp312-cp311-win32",
    "py2-none-any",
    "py313-none-any",
    "cp27-cp27mu-linux_x86_64",
    "pp310-pypy310_pp73-win_amd64",
    "py3-cp312-any",
    "cp3-none-any",
    "none-any",
    "cp312-any",
    "cp312-cp312-any",
    "cp39-abi3-any",
    "cp312-abi3.cp312-any",
    "cp31-abi3-win32",
    "cp308-abi3-win32",
    "cp0312-cp312-win32",
    "py308-none-any",
    "py300-none-any",
    "cp314-cp314t-win32",
    "cp312-abi3t-win32",
    "graalpy311-none-any",
    "x-py3-none-any",
  ])("does not take %s", (tag) => expect(wanted([tag], "3.12")).toEqual([]));

  test("is the same with a patch", () => {
    expect(wanted(["cp312-cp312-win32", "cp314-cp314-win32"], "3.12.4")).toEqual(["cp312-cp312-win32"]);
  });
});

test("python=3.13t is another ABI than 3.13", () => {
  const tags = ["cp313-cp313-win32", "cp313-cp313t-win32", "cp39-abi3-win32", "cp313-abi3t-win32", "py3-none-any"];
  expect(wanted(tags, "3.13")).toEqual(["cp313-cp313-win32", "cp39-abi3-win32", "py3-none-any"]);
  expect(wanted(tags, "3.13t")).toEqual(["cp313-cp313t-win32", "cp313-abi3t-win32", "py3-none-any"]);
});

test("python=3.7 takes the ABI with an m", () => {
  expect(wanted(["cp37-cp37m-win32", "cp37-cp37-win32", "cp38-cp38m-win32"], "3.7")).toEqual([
    "cp37-cp37m-win32",
    "cp37-cp37-win32",
  ]);
  expect(wanted(["cp38-cp38m-win32"], "3.8")).toEqual([]);
});

describe("a platform takes wheels that are built for it or for an older one", () => {
  test.each([
    [
      "manylinux_2_17_x86_64",
      [
        "manylinux_2_17_x86_64",
        "manylinux_2_5_x86_64",
        "manylinux1_x86_64",
        "manylinux2010_x86_64",
        "manylinux2014_x86_64",
        "manylinux_2_17_x86_64.manylinux_2_28_x86_64",
        "linux_x86_64",
        "any",
      ],
      [
        "manylinux_2_18_x86_64",
        "manylinux_3_0_x86_64",
        "manylinux2014_aarch64",
        "manylinux_2_17_i686",
        "musllinux_1_1_x86_64",
        "linux_aarch64",
        "win_amd64",
        "macosx_11_0_x86_64",
        "manylinux2020_x86_64",
        // Of glibc, installers know 2.5 and newer.
        "manylinux_2_4_x86_64",
        "manylinux_1_9_x86_64",
        "manylinux_2_017_x86_64",
      ],
    ],
    [
      "manylinux_2_28_aarch64",
      ["manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64"],
      ["manylinux_2_16_aarch64", "manylinux2010_aarch64", "manylinux1_aarch64", "linux_armv8l"],
    ],
    ["manylinux2010_i686", ["manylinux1_i686", "manylinux_2_12_i686"], ["manylinux2014_i686", "manylinux1_x86_64"]],
    [
      "linux_x86_64",
      ["linux_x86_64", "manylinux_2_39_x86_64", "manylinux1_x86_64", "any"],
      ["musllinux_1_2_x86_64", "linux_armv7l", "macosx_10_9_x86_64"],
    ],
    [
      "musllinux_1_2_aarch64",
      ["musllinux_1_1_aarch64", "musllinux_1_2_aarch64", "linux_aarch64"],
      ["musllinux_1_3_aarch64", "manylinux_2_17_aarch64", "musllinux_1_2_x86_64", "musllinux_0_9_aarch64"],
    ],
    [
      "macosx_14_0_arm64",
      ["macosx_11_0_arm64", "macosx_14_0_arm64", "macosx_10_9_universal2", "macosx_10_16_universal2", "any"],
      [
        "macosx_15_0_arm64",
        "macosx_14_2_arm64",
        "macosx_11_3_arm64",
        "macosx_10_9_arm64",
        "macosx_10_3_universal2",
        "macosx_10_17_universal2",
        "macosx_10_9_x86_64",
        "macosx_10_9_intel",
        "linux_arm64",
        "android_24_aarch64",
        "ios_13_0_arm64",
        "pyodide_2025_wasm32",
      ],
    ],
    ["macosx_14_5_x86_64", ["macosx_14_0_x86_64", "macosx_10_4_x86_64"], ["macosx_14_5_x86_64", "macosx_12_3_x86_64"]],
    [
      "macosx_10_15_x86_64",
      ["macosx_10_9_x86_64", "macosx_10_9_universal2", "macosx_10_6_intel", "macosx_10_6_fat64", "macosx_10_6_fat3"],
      [
        "macosx_11_0_x86_64",
        "macosx_11_0_arm64",
        "macosx_11_0_universal2",
        "macosx_10_3_x86_64",
        "macosx_10_16_x86_64",
        "macosx_10_6_fat32",
      ],
    ],
    ["win_amd64", ["win_amd64", "any"], ["win32", "win_arm64", "linux_x86_64"]],
    ["win32", ["win32"], ["win_amd64"]],
    [
      "pyodide_2025_0_wasm32",
      ["pyodide_2025_0_wasm32", "any"],
      ["pyodide_2024_0_wasm32", "pyodide_2025_1_wasm32", "emscripten_4_0_9_wasm32", "manylinux_2_28_x86_64"],
    ],
    [
      "android_24_arm64_v8a",
      ["android_24_arm64_v8a", "android_21_arm64_v8a", "android_16_arm64_v8a"],
      ["android_26_arm64_v8a", "android_15_arm64_v8a", "android_21_x86_64", "manylinux_2_28_aarch64"],
    ],
    [
      "ios_13_2_arm64_iphoneos",
      ["ios_13_2_arm64_iphoneos", "ios_13_0_arm64_iphoneos", "ios_12_9_arm64_iphoneos", "ios_12_0_arm64_iphoneos"],
      [
        "ios_13_3_arm64_iphoneos",
        "ios_12_10_arm64_iphoneos",
        "ios_11_0_arm64_iphoneos",
        "ios_13_0_arm64_iphonesimulator",
        "macosx_11_0_arm64",
      ],
    ],
  ])("%s", (platform, fit, unfit) => {
    const tag = (each: string) => `py3-none-${each}`;
    expect(wanted([...fit, ...unfit].map(tag), undefined, platform)).toEqual(fit.map(tag));
  });
});

test("both must fit where both are given", () => {
  const tags = ["cp312-cp312-win_amd64", "cp312-cp312-win32", "cp311-cp311-win_amd64"];
  expect(wanted(tags, "3.12", "WIN_AMD64")).toEqual(["cp312-cp312-win_amd64"]);
});

describe("of a package", () => {
  const all = files(
    "demo-1.0-cp311-cp311-win_amd64.whl",
    "demo-1.0-cp312-cp312-win_amd64.whl",
    "demo-1.0.tar.gz",
    "demo-1.0-py3.8.egg",
    "demo-1.0.win32.exe",
  );

  test("everything is wanted where nothing is asked for", () => {
    expect(narrowing()(all)).toEqual(all);
  });

  test("the sdist is left out where a wheel fits, and kept where none does", () => {
    expect(narrowing("3.12")(all)).toEqual([all[1]]);
    expect(narrowing("3.13")(all)).toEqual([all[2]]);
    expect(narrowing(undefined, "win32")(all)).toEqual([all[2]]);
  });

  test("the sdist is kept where the only wheel has tags that no environment has", () => {
    const odd = ["cp312-any", "cp312-cp312-any", "cp39-abi3-any", "cp312-cp312-macosx_11_3_arm64"];
    for (const tag of odd) {
      const both = files(`demo-1.0-${tag}.whl`, "demo-1.0.tar.gz");
      expect(narrowing("3.12", "manylinux_2_28_x86_64")(both)).toEqual([both[1]]);
      expect(narrowing("3.12")(both)).toEqual(tag.endsWith("arm64") ? [both[0]] : [both[1]]);
    }
  });

  test("nothing is wanted where nothing can be installed", () => {
    expect(narrowing("3.13")(files("demo-1.0-cp311-cp311-win_amd64.whl"))).toEqual([]);
  });
});

test.each(["3", "3.x", "cp312", "2.7", "", "3.12; rm", "3.13tt", "३.१२"])(
  "python=%s is refused with an example",
  (python) => {
    expect(refusalOf(() => narrowing(python))).toMatch(
      /^bad-request: ".*" is not a version of CPython 3: python=3\.12 is/,
    );
  },
);

test.each([
  "linux",
  "",
  "manylinux_x86_64",
  "manylinux_2_28",
  "manylinux_2_28_amd64",
  "macosx_14_arm64",
  "macosx_14_0_universal2",
  "linux_arm64",
  "win64",
  "any",
  "__proto___x86_64",
])("platform=%s is refused with an example", (platform) => {
  expect(refusalOf(() => narrowing("3.12", platform))).toMatch(
    /^bad-request: ".*" is not a wheel's platform tag: platform=manylinux_2_28_x86_64 is expected/,
  );
});
