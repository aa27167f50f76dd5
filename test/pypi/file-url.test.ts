import { describe, expect, test } from "vitest";
import { asFileRef, isListedAs, localUrl, parseFileRef, upstreamUrl } from "../../worker/pypi/file-url.ts";
import type { Filename } from "../../worker/pypi/filename.ts";
import type { FileEntry } from "../../worker/pypi/page.ts";

function entryFor(upstream: string, filename: string): FileEntry {
  const local = localUrl(new URL(upstream), filename as Filename);
  if (!local) throw new Error("not listed");
  return { filename: filename as Filename, hashes: {}, ...local };
}

describe("a file's URL", () => {
  test.each([
    [
      "https://files.pythonhosted.org/packages/aa/bb/x-1.0.tar.gz",
      "x-1.0.tar.gz",
      "../../files/files.pythonhosted.org/packages/aa/bb/x-1.0.tar.gz",
    ],
    [
      "https://download.pytorch.org/whl/torch-2.0%2Bcpu-cp311-none-any.whl",
      "torch-2.0+cpu-cp311-none-any.whl",
      "../../files/download.pytorch.org/whl/torch-2.0%2Bcpu-cp311-none-any.whl",
    ],
    ["https://host:8443/a/x-1.0.zip", "x-1.0.zip", "../../files/host:8443/a/x-1.0.zip"],
  ])("%s keeps its path, by one prefix", (upstream, filename, url) => {
    const entry = entryFor(upstream, filename);
    expect(entry).toEqual({ filename, hashes: {}, url });
    expect(upstreamUrl(entry).href).toBe(upstream);
  });

  test.each([
    ["http://127.0.0.1:9000/x-1.0.zip", "x-1.0.zip", "../../files/127.0.0.1:9000/x-1.0.zip"],
    ["https://host//a//x-1.0.zip", "x-1.0.zip", "../../files/host/a/x-1.0.zip"],
    ["https://host/get?file=1", "x-1.0.zip", "../../files/host/~P2ZpbGU9MQ/get/x-1.0.zip"],
    ["https://host/x-1.0.zip?v=/../", "x-1.0.zip", "../../files/host/~P3Y9Ly4uLw/x-1.0.zip"],
  ])("%s does not say all: the page keeps the true one", (upstream, filename, url) => {
    const entry = entryFor(upstream, filename);
    expect([entry.url, entry._upstream]).toEqual([url, upstream]);
    expect(upstreamUrl(entry).href).toBe(upstream);
  });

  test("never carries credentials or a fragment", () => {
    const entry = entryFor("https://user:secret@host/x-1.0.zip#sha256=00", "x-1.0.zip");
    expect(JSON.stringify(entry)).not.toMatch(/secret|sha256/);
  });

  test("with an encoded slash or NUL in it is not listed", () => {
    for (const path of ["a%2Fb/x-1.0.zip", "a%00/x-1.0.zip", "a%5Cb/x-1.0.zip", "%zz/x-1.0.zip"]) {
      expect(localUrl(new URL(`https://host/${path}`), "x-1.0.zip" as Filename)).toBeUndefined();
    }
  });

  test("is the same reference after it was written down as its decoded address", () => {
    for (const path of ["host:8443/a/x-1.0%2Bcpu.zip", "host/~P2ZpbGU9MQ/get%25/x-1.0.zip.metadata"]) {
      const ref = parseFileRef(path);
      expect(asFileRef(`${ref.origin}/${ref.path}`, ref.part)).toEqual(ref);
    }
  });

  test("is found by whatever a client makes of its escapes, and by no other path", () => {
    const entry = entryFor("https://host/a/x-1.0%2Bcpu.zip", "x-1.0+cpu.zip");
    expect(
      ["host/a/x-1.0+cpu.zip", "host/a/x-1.0%2Bcpu.zip", "HOST/%61/x-1.0%2bcpu.zip"].map((path) =>
        isListedAs(entry, parseFileRef(path)),
      ),
    ).toEqual([true, true, true]);
    expect(
      ["host/b/x-1.0+cpu.zip", "other/a/x-1.0+cpu.zip", "host/a/a/x-1.0+cpu.zip"].map((path) =>
        isListedAs(entry, parseFileRef(path)),
      ),
    ).toEqual([false, false, false]);
  });
});
