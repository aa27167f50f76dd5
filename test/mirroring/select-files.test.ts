import { expect, test } from "vitest";
import { mirrorFilters } from "../../schema/mirror.ts";
import { selecting } from "../../worker/mirroring/select-files.ts";
import type { Filename } from "../../worker/pypi/filename.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry, ProjectPage } from "../../worker/pypi/page.ts";

const NOW = Date.parse("2026-11-29T00:00:00Z");

const entry = (filename: string, more: Partial<FileEntry> = {}): FileEntry => ({
  filename: filename as Filename,
  url: `../../files/f.test/${filename}`,
  hashes: {},
  size: 100,
  "upload-time": "2026-01-01T00:00:00Z",
  ...more,
});

const page = (files: readonly FileEntry[], status?: string): ProjectPage => ({
  name: "demo" as ProjectName,
  files,
  ...(status !== undefined && { status: { status } }),
});

const VERSIONS = ["1.0", "1.1", "2.0", "2.1rc1"].map((version) => entry(`demo-${version}.tar.gz`));

/** The versions, or names, that are mirrored with these filters. */
const kept = (filters: object, files: readonly FileEntry[] = VERSIONS, specifiers = [""], status?: string) =>
  selecting(mirrorFilters.parse(filters))(page(files, status), specifiers, NOW).wanted.map(({ filename }) =>
    filename.replace(/^demo-(.*?)(?:\.tar\.gz)?$/, "$1"),
  );

test.each<[filters: object, versions: string]>([
  [{}, "1.0 1.1 2.0 2.1rc1"],
  [{ only: ["demo>=1.1", "other<1"] }, "1.1 2.0 2.1rc1"],
  [{ only: ["other<1"] }, "1.0 1.1 2.0 2.1rc1"],
  [{ deny: ["de*<2"] }, "2.0 2.1rc1"],
  [{ deny: ["demo"] }, ""],
  [{ exclude: ["-1\\."] }, "2.0 2.1rc1"],
  [{ prereleases: false }, "1.0 1.1 2.0"],
  [{ latest: 2 }, "2.0 2.1rc1"],
  [{ latest: 1 }, "2.0"],
  [{ latest: 1, prereleases: false }, "2.0"],
  [{ max_project: "1kB" }, "1.0 1.1 2.0 2.1rc1"],
  [{ max_file: "1kB", types: ["wheel"] }, ""],
  [{ since: "2026-01-01" }, "1.0 1.1 2.0 2.1rc1"],
  [{ since: "2026-01-02" }, ""],
])("%j keeps %s", (filters, versions) => expect(kept(filters).join(" ")).toBe(versions));

test("the newest releases are counted for each of what asks for the project", () => {
  expect(kept({ latest: 1 }, VERSIONS, ["<1.1", "<2"])).toEqual(["1.0", "1.1"]);
  expect(kept({}, VERSIONS, ["==1.0", ">=2"])).toEqual(["1.0", "2.0", "2.1rc1"]);
});

test("wheels are kept that fit one of the Pythons on one of the platforms, and sdists by their type", () => {
  const tags = ["cp312-cp312-manylinux_2_17_x86_64", "cp313-cp313-win_amd64", "cp311-cp311-win_amd64", "py3-none-any"];
  const files = [...tags.map((tag) => entry(`demo-1.0-${tag}.whl`)), entry("demo-1.0.tar.gz"), entry("demo-1.0.egg")];
  const filters = { pythons: ["3.12", "3.13"], platforms: ["manylinux_2_28_x86_64", "win_amd64"] };
  expect(kept({ ...filters, types: ["wheel", "sdist"] }, files)).toEqual([
    "1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
    "1.0-cp313-cp313-win_amd64.whl",
    "1.0-py3-none-any.whl",
    "1.0",
  ]);
});

test("a file that is too young is left out, and it is told when it is old enough", () => {
  const young = entry("demo-3.0.tar.gz", { "upload-time": "2026-11-28T00:00:00Z" });
  const select = selecting(mirrorFilters.parse({ min_age: "3d" }));
  const { wanted, until, leftOut } = select(page([...VERSIONS, young]), [""], NOW);
  expect([wanted.length, until, [...leftOut]]).toEqual([4, Date.parse("2026-12-01T00:00:00Z"), [["min_age", 1]]]);
  expect(select(page([young]), [""], until ?? 0).wanted).toEqual([young]);
});

test("yanked files, large files, large projects and projects of another status are left out where that is asked for", () => {
  const files = [entry("demo-1.0.tar.gz", { yanked: "" }), entry("demo-2.0.tar.gz", { size: 5_000 })];
  expect(kept({ yanked: false }, files)).toEqual(["2.0"]);
  expect(kept({ max_file: "2kB" }, files)).toEqual(["1.0"]);
  expect(kept({ max_project: "5kB" }, files)).toEqual([]);
  expect(kept({}, files, [""], "archived")).toEqual(["1.0", "2.0"]);
  expect(kept({ statuses: ["active"] }, files, [""], "archived")).toEqual([]);
  expect(kept({}, files, [""], "quarantined")).toEqual([]);
});
