import { expect, test } from "vitest";
import { localUrl, parseFileRef } from "../../worker/pypi/file-url.ts";
import type { Filename } from "../../worker/pypi/filename.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import type { FileEntry, ProjectPage } from "../../worker/pypi/page.ts";
import * as simpleJson from "../../worker/pypi/simple-json.ts";
import type { Validators } from "../../worker/pypi/page.ts";

const { findFile, linesOf, readJson, readValidators } = simpleJson;

function renderJson(rendered: ProjectPage, validators: Validators): string {
  const { head, opening, lines } = simpleJson.renderJson(rendered, validators);
  return head + opening + [...lines].join("");
}

function file(filename: string, folder: string, extra: Partial<FileEntry> = {}): FileEntry {
  const local = localUrl(new URL(`https://host/${folder}/${encodeURIComponent(filename)}`), filename as Filename);
  if (!local) throw new Error("not listed");
  return { filename: filename as Filename, hashes: { sha256: "00" }, ...local, ...extra };
}

const trap = '\n{"filename":"demo-1.0.zip","url":"../../files/host/b/demo-1.0.zip"}';
const page: ProjectPage = {
  name: parseProjectName("demo"),
  versions: ["1.0"],
  status: { status: "archived", reason: trap },
  files: [
    file("demo-0.9.zip", "a", { yanked: trap, size: 1 }),
    file("demo-1.0.zip", "a", { size: 2 }),
    file("demo-1.0.zip", "c", { size: 3 }),
  ],
  lastSerial: 5,
};

test("what is rendered is read back the same, and is plain JSON to everybody else", () => {
  const text = renderJson(page, { etag: '"e"' });
  expect(readJson(text)).toEqual(page);
  expect(JSON.parse(text)).toMatchObject({ meta: { "api-version": "1.4" }, "project-status": { status: "archived" } });
});

test("the upstream's validators are in the first line, and nowhere where there are none", () => {
  const [first = ""] = renderJson(page, { etag: '"e"', lastModified: "date" }).split("\n");
  expect(readValidators(first)).toEqual({ etag: '"e"', lastModified: "date" });
  const bare = renderJson(page, {});
  expect(bare).not.toContain("_upstream");
  expect(readValidators(bare.split("\n")[0] ?? "")).toEqual({});
});

test("a file is found by its line, among equal names by its path, and never inside another's text", () => {
  const text = renderJson(page, {});
  expect(findFile(text, parseFileRef("host/a/demo-1.0.zip"))?.size).toBe(2);
  expect(findFile(text, parseFileRef("host/c/demo-1.0.zip"))?.size).toBe(3);
  expect(findFile(text, parseFileRef("host/b/demo-1.0.zip"))).toBeUndefined();
  expect(findFile(text, parseFileRef("host/a/demo-0.9.zip"))?.yanked).toBe(trap);
});

test("each line begins with the filename and the URL, and has no query, whatever the order of the entry's members", () => {
  const usual = { ...file("demo-1.0.zip", "a", {}), _query: undefined };
  const { filename, url, ...rest } = usual;
  const begun = '{"filename":"demo-1.0.zip","url":"../../files/host/a/demo-1.0.zip","';
  for (const entry of [
    { filename, url, ...rest },
    usual,
    { ...rest, filename, url },
    { ...usual, _query: "?sig=1" },
    { ...usual, _provenanceQuery: "?sig=1" },
  ]) {
    const [line = ""] = linesOf(renderJson({ ...page, files: [entry] }, {}));
    expect(line.startsWith(begun)).toBe(true);
    expect(line).not.toContain("sig");
  }
});

test("a version is declared whose obligations are met", () => {
  const version = (changed: Partial<ProjectPage>) =>
    (JSON.parse(renderJson({ ...page, ...changed }, {})) as { meta: Record<string, string> }).meta["api-version"];
  expect(version({})).toBe("1.4");
  expect(version({ versions: undefined })).toBe("1.0");
  expect(version({ files: [file("demo-1.0.zip", "a")] })).toBe("1.0");
});
