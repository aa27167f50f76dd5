import { describe, expect, test } from "vitest";
import { asFilename } from "../../worker/pypi/filename.ts";
import { installerOf } from "../../worker/pypi/installer.ts";
import { likeliestWheel } from "../../worker/pypi/likeliest-wheel.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry } from "../../worker/pypi/page.ts";

const said = (more = {}) => ({
  python: "3.11.2",
  implementation: { name: "CPython", version: "3.11.2" },
  distro: { name: "Debian GNU/Linux", version: "12", libc: { lib: "glibc", version: "2.36" } },
  system: { name: "Linux", release: "6.1" },
  cpu: "x86_64",
  ...more,
});
const UV = `uv/0.9.0 ${JSON.stringify(said({ installer: { name: "uv", version: "0.9.0", subcommand: ["pip", "install"] } }))}`;

describe("what an installer says of itself", () => {
  test("is its Python, its platform, and what markers can know", () => {
    expect(installerOf(UV)).toEqual({
      python: { minor: 11, freeThreaded: false },
      platform: { kind: "manylinux", version: [2, 36], arch: "x86_64" },
      environment: expect.objectContaining({ python_version: ["3.11"], sys_platform: ["linux"] }),
      isResolver: false,
    });
  });

  test.each([
    [
      "pip on macOS",
      { distro: { name: "macOS", version: "14.5" }, system: { name: "Darwin" }, cpu: "arm64" },
      "macosx",
    ],
    ["pip on Windows", { distro: undefined, system: { name: "Windows" }, cpu: "AMD64" }, "win"],
    ["pip on Alpine", { distro: { libc: { lib: "musl", version: "1.2.5" } } }, "musllinux"],
    ["pip on a system that wheels are not tagged for", { system: { name: "FreeBSD" } }, undefined],
  ])("%s", (_, more, kind) => {
    expect(installerOf(`pip/25.0 ${JSON.stringify(said(more))}`)?.platform?.kind).toBe(kind);
  });

  test.each([
    [["lock"], {}],
    [["pip", "compile"], { python_version: ["3.11"] }],
  ])("uv %s asks for no wheel", (subcommand, environment) => {
    const installer = installerOf(`uv/0.9.0 ${JSON.stringify(said({ installer: { name: "uv", subcommand } }))}`);
    expect(installer).toMatchObject({ isResolver: true, environment });
  });

  test.each([
    "",
    "curl/8.0",
    "uv/0.9.0",
    "pip/25.0 {",
    "pip/25.0 null",
    "pip/25.0 []",
    `pip/25.0 {"python":${"9".repeat(3_000)}}`,
  ])("%j is not that of an installer, or says nothing", (userAgent) =>
    expect(installerOf(userAgent)?.platform).toBe(undefined),
  );
});

const DEMO = parseProjectName("demo");

/** @param files names of files, and what their entries have besides */
function likeliest(files: readonly (string | [string, Partial<FileEntry>])[], specifiers = "", userAgent = UV) {
  const entries = files.map((file) => {
    const [filename, more] = typeof file === "string" ? [file, {}] : file;
    const entry = { filename: asFilename(filename), url: "", hashes: {}, "core-metadata": true, ...more };
    return entry as unknown as FileEntry;
  });
  const installer = installerOf(userAgent);
  return installer && likeliestWheel(DEMO, entries, specifiers, installer)?.filename;
}

test.each([
  [
    "the newest version",
    ["demo-1.0-py3-none-any.whl", "demo-2.0-py3-none-any.whl", "demo-1.5-py3-none-any.whl"],
    "",
    1,
  ],
  ["one that the requirement allows", ["demo-1.0-py3-none-any.whl", "demo-2.0-py3-none-any.whl"], "<2", 0],
  ["a final release", ["demo-1.0-py3-none-any.whl", "demo-2.0rc1-py3-none-any.whl"], "", 0],
  ["one that is not yanked", ["demo-1.0-py3-none-any.whl", ["demo-2.0-py3-none-any.whl", { yanked: true }]], "", 0],
  ["a wheel", ["demo-1.0-py3-none-any.whl", "demo-2.0.tar.gz"], "", 0],
  [
    "one for its Python",
    ["demo-1.0-py3-none-any.whl", ["demo-2.0-py3-none-any.whl", { "requires-python": ">=3.12" }]],
    "",
    0,
  ],
  [
    "one of a Python above a patch",
    ["demo-1.0-py3-none-any.whl", ["demo-2.0-py3-none-any.whl", { "requires-python": ">3.11.1" }]],
    "",
    1,
  ],
  [
    "one with metadata",
    ["demo-1.0-py3-none-any.whl", ["demo-2.0-py3-none-any.whl", { "core-metadata": undefined }]],
    "",
    0,
  ],
  [
    "the closest build",
    [
      "demo-1-py3-none-any.whl",
      "demo-1-cp39-abi3-manylinux_2_17_x86_64.whl",
      "demo-1-cp311-cp311-manylinux_2_17_x86_64.whl",
    ],
    "",
    2,
  ],
  [
    "the newest platform",
    ["demo-1-cp39-abi3-manylinux_2_17_x86_64.whl", "demo-1-cp39-abi3-manylinux_2_28_x86_64.whl"],
    "",
    1,
  ],
  ["no other platform's", ["demo-1-cp39-abi3-manylinux_2_17_x86_64.whl", "demo-1-cp39-abi3-win_amd64.whl"], "", 0],
] satisfies [string, (string | [string, Partial<FileEntry>])[], string, number][])(
  "an installer will ask for the metadata of %s",
  (_, files, specifiers, at) => {
    expect(likeliest(files, specifiers)).toBe([files[at]].flat()[0]);
    expect(likeliest(files.toReversed(), specifiers)).toBe([files[at]].flat()[0]);
  },
);

test("where nothing fits, it will ask for none", () => {
  expect(likeliest(["demo-1-cp39-abi3-win_amd64.whl"])).toBe(undefined);
  expect(likeliest([])).toBe(undefined);
});
