import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lockedFiles } from "../../../cli/air-gap/locked-files.ts";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { asFilename } from "../../../worker/pypi/filename.ts";
import { asProjectName } from "../../../worker/pypi/name.ts";
import type { ProjectPage } from "../../../worker/pypi/page.ts";

const work = temporaryDirectory();
afterAll(() => removeDirectory(work));

const SIMPLE = new URL("https://index.test/team/simple/");
const [LINUX, MAC, SDIST] = [
  "demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl",
  "demo-1.0-cp312-cp312-macosx_11_0_arm64.whl",
  "demo-1.0.tar.gz",
];
const digest = (filename: string) => String([LINUX, MAC, SDIST].indexOf(filename) + 1).repeat(64);

const pageOf = (...filenames: string[]): ProjectPage => ({
  name: asProjectName("demo") ?? fail("demo"),
  files: filenames.map((name) => ({
    filename: asFilename(name) ?? fail(name),
    url: `../../files/files.test/${name}`,
    hashes: { sha256: digest(name) },
  })),
});
const fail = (text: string): never => {
  throw new Error(text);
};

function lock(name: string, text: string): string {
  writeFileSync(join(work, name), text);
  return join(work, name);
}

const uvLock = (registry: string, ...files: string[]) =>
  [
    "version = 1",
    "[[package]]",
    'name = "demo"',
    'version = "1.0"',
    `source = { registry = "${registry}" }`,
    `sdist = { url = "https://files.pythonhosted.org/packages/${SDIST}", hash = "sha256:${digest(SDIST)}" }`,
    "wheels = [",
    ...files.map(
      (name) => `  { url = "https://files.pythonhosted.org/packages/${name}", hash = "sha256:${digest(name)}" },`,
    ),
    "]",
  ].join("\n");

const namesOf = (entries: readonly { readonly filename: string }[]) => entries.map(({ filename }) => filename);

test("exactly the files of a lock are wanted that fit, wherever the lock says they are", async () => {
  const file = lock("uv.lock", uvLock("https://pypi.org/simple", LINUX, MAC));
  const all = await lockedFiles([file], SIMPLE, {});
  expect(all.projects).toEqual(["demo"]);
  const page = pageOf(LINUX, MAC, SDIST, "demo-2.0.tar.gz");
  expect(namesOf(all.choose(page).entries).toSorted()).toEqual([LINUX, MAC, SDIST].toSorted());
  const some = await lockedFiles([file], SIMPLE, { python: "3.12", platform: "manylinux_2_28_x86_64" });
  expect(namesOf(some.choose(page).entries)).toEqual([LINUX]);
});

test("a file that is not on the page, or has other bytes there, is left out alone", async () => {
  const wanted = await lockedFiles(
    [lock("uv.lock", uvLock("https://index.test/team/simple/", LINUX, MAC))],
    SIMPLE,
    {},
  );
  const page = pageOf(LINUX, SDIST);
  const changed = {
    ...page,
    files: page.files.map((entry) =>
      entry.filename === SDIST ? { ...entry, hashes: { sha256: "f".repeat(64) } } : entry,
    ),
  };
  const { entries, leftOut } = wanted.choose(changed);
  expect(namesOf(entries)).toEqual([LINUX]);
  expect(leftOut).toEqual([
    {
      filename: SDIST,
      from: "demo",
      outcome: "refused",
      reason: expect.stringMatching(/these are two different files/),
    },
    { filename: MAC, from: "demo", outcome: "refused", reason: expect.stringMatching(/is not on the page of demo/) },
  ]);
});

test("a lock that names versions and digests wants the files that have them", async () => {
  const wanted = await lockedFiles(
    [lock("requirements.txt", `demo==1.0 --hash=sha256:${digest(MAC)} --hash=sha256:${digest(SDIST)}\n`)],
    SIMPLE,
    {},
  );
  expect(namesOf(wanted.choose(pageOf(LINUX, MAC, SDIST)).entries)).toEqual([MAC, SDIST]);
  expect(wanted.choose(pageOf(SDIST)).leftOut).toEqual([
    {
      filename: "demo 1.0",
      from: "demo",
      outcome: "refused",
      reason: "1 of its 2 hashes are of no file that https://index.test/team/simple/ lists.",
    },
  ]);
  const none = await lockedFiles([join(work, "requirements.txt")], SIMPLE, { platform: "win_amd64" });
  expect(none.choose(pageOf(MAC)).leftOut).toEqual([
    { filename: "demo 1.0", from: "demo", outcome: "refused", reason: "No file of demo 1.0 fits." },
  ]);
});

test("what comes from another index is not asked for", async () => {
  const file = lock("uv.lock", uvLock("https://private.test/simple", LINUX));
  const wanted = await lockedFiles([file], SIMPLE, {});
  expect([wanted.projects, wanted.remarks]).toEqual([[], [expect.stringMatching(/are not exported: demo\.$/)]]);
});

test("a file that is no lock is refused", async () => {
  await expect(lockedFiles([lock("uv.lock", "[")], SIMPLE, {})).rejects.toThrow(/uv\.lock/);
  await expect(lockedFiles([join(work, "none.txt")], SIMPLE, {})).rejects.toThrow(/there is no such file/);
  await expect(lockedFiles([], SIMPLE, { platform: "?" })).rejects.toMatchObject({ ending: "usage" });
});
