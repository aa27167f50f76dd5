import { describe, expect, test } from "vitest";
import {
  asFileRef,
  distinctUrls,
  isListedAs,
  localUrl,
  parseFileRef,
  upstreamUrl,
  withoutQuerySegment,
} from "../../worker/pypi/file-url.ts";
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
    ["https://host/get", "x-1.0.zip", "../../files/host/get/x-1.0.zip"],
    ["https://host/a-x-1.0.zip", "x-1.0.zip", "../../files/host/a-x-1.0.zip/x-1.0.zip"],
    ["https://host/a/x-1.0.zip/", "x-1.0.zip", "../../files/host/a/x-1.0.zip"],
  ])("%s does not say all: the page keeps the true one", (upstream, filename, url) => {
    const entry = entryFor(upstream, filename);
    expect([entry.url, entry._upstream]).toEqual([url, upstream]);
    expect(upstreamUrl(entry).href).toBe(upstream);
  });

  test("never carries credentials or a fragment", () => {
    const entry = entryFor("https://user:secret@host/x-1.0.zip#sha256=00", "x-1.0.zip");
    expect(JSON.stringify(entry)).not.toMatch(/secret|sha256/);
  });

  test.each([
    ["https://host/x-1.0.zip?sig=1", "../../files/host/x-1.0.zip", undefined],
    ["https://host/get?file=x-1.0.zip", "../../files/host/get/x-1.0.zip", "https://host/get"],
    ["http://me:pw@host/x-1.0.zip?v=/../#sha256=00", "../../files/host/x-1.0.zip", "http://host/x-1.0.zip"],
    [`https://host/x-1.0.zip?${"q".repeat(2_000)}`, "../../files/host/x-1.0.zip", undefined],
  ])("keeps the query of %s apart", (upstream, url, _upstream) => {
    const { _query, ...entry } = entryFor(upstream, "x-1.0.zip");
    expect([entry.url, entry._upstream, entry._signed, _query]).toEqual([
      url,
      _upstream,
      true,
      new URL(upstream).search,
    ]);
    const { href } = new URL(upstream.replace("me:pw@", "").replace(/#.*/, ""));
    expect(upstreamUrl({ ...entry, _query }).href).toBe(href);
  });

  test("with an encoded slash or NUL, or a segment of dots, in it is not listed", () => {
    for (const path of ["a%2Fb/x-1.0.zip", "a%00/x-1.0.zip", "a%5Cb/x-1.0.zip", "%zz/x-1.0.zip", ".../x-1.0.zip"]) {
      expect(localUrl(new URL(`https://host/${path}`), "x-1.0.zip" as Filename)).toBeUndefined();
    }
  });

  const A = { sha256: "a".repeat(64) };
  const B = { sha256: "b".repeat(64) };
  const at = (upstream: string, hashes: FileEntry["hashes"]) => ({ ...entryFor(upstream, "x-1.0.zip"), hashes });

  test.each([
    ["with the same digest", A, A, 1],
    ["one of them without a digest", {}, A, 1],
    ["with two digests", A, B, 2],
    ["with digests that cannot be compared", A, { md5: "0".repeat(32) }, 2],
  ])("of two that differ in the query alone, %s", (_, first, second, count) => {
    const distinct = distinctUrls([at("https://host/x-1.0.zip?v=1", first), at("https://host/x-1.0.zip?v=2", second)]);
    expect(distinct).toHaveLength(count);
    expect(new Set(distinct.map(({ url }) => url)).size).toBe(count);
    expect(distinct.every(({ hashes }) => Object.keys(hashes).length > 0)).toBe(true);
    expect(distinct.map((entry) => upstreamUrl(entry).pathname)).toEqual(Array(count).fill("/x-1.0.zip"));
    expect(distinct.every((entry) => isListedAs(entry, parseFileRef(entry.url.slice("../../files/".length))))).toBe(
      true,
    );
  });

  test("of two whose queries name them, both are there", () => {
    const [x, y] = ["x-1.0.zip", "y-1.0.zip"].map((name) => entryFor(`https://host/download.php?f=${name}`, name));
    expect([x?.url, y?.url]).toEqual([
      "../../files/host/download.php/x-1.0.zip",
      "../../files/host/download.php/y-1.0.zip",
    ]);
  });

  test("that carries a query as a segment, as earlier versions wrote it, is the one without it", () => {
    for (const path of ["host/a/~P3Y9MQ/x-1.0.zip", "host/~P2ZpbGU9MQ/a/x-1.0.zip", "host/a/x-1.0.zip"]) {
      expect(withoutQuerySegment(parseFileRef(path)).path).toBe("a/x-1.0.zip");
    }
    for (const path of [
      "~user/x-1.0.zip",
      "~P/x-1.0.zip",
      "~Pyotr/x-1.0.zip",
      "~Pyot/x-1.0.zip",
      `~${"a".repeat(16)}/x-1.0.zip`,
    ]) {
      expect(withoutQuerySegment(parseFileRef(`host/${path}`)).path).toBe(path);
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
