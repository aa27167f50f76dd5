import { describe, expect, test } from "vitest";
import { distinctPackages, fileChooser } from "../../../worker/locks/formats/choose.ts";
import { parseProjectName } from "../../../worker/pypi/name.ts";
import type { FileEntry, Hashes } from "../../../worker/pypi/page.ts";
import type { LockedFile, LockedPackage } from "../../../worker/locks/formats/lock.ts";
import type { Filename } from "../../../worker/pypi/filename.ts";
import type { DigestAlgorithm } from "../../../worker/pypi/page.ts";
import { entry, hex, refusalOf } from "./support.ts";

const WHERE = { lockName: "uv.lock", index: "https://edge.example/simple/" };
const HOST = "https://files.pythonhosted.org/packages/aa";

const wheel = entry(`${HOST}/six-1.17.0-py2.py3-none-any.whl`, { sha256: hex("b") });
const sdist = entry(`${HOST}/six-1.17.0.tar.gz`, { sha256: hex("a"), sha512: hex("d") + hex("d") });
const older = entry(`${HOST}/six-1.16.0.tar.gz`, { sha256: hex("c") });
const PAGE = [older, { ...wheel, yanked: "broken" }, sdist];

const digests = (hashes: Hashes) =>
  Object.entries(hashes).map(([algorithm, digest]) => ({ algorithm: algorithm as DigestAlgorithm, hex: digest }));

const file = ({ filename, hashes }: FileEntry, rest: Partial<LockedFile> = {}): LockedFile => ({
  filename,
  url: undefined,
  digests: digests(hashes),
  line: 12,
  ...rest,
});

const six = (rest: Partial<LockedPackage>): LockedPackage => ({
  name: parseProjectName("six"),
  version: "1.17.0",
  line: 10,
  files: [],
  digests: [],
  ...rest,
});

const chooseFiles = (locked: LockedPackage, page: { readonly files: readonly FileEntry[] }) =>
  fileChooser(page, locked.name, WHERE)(locked);

const chosen = (locked: LockedPackage, files: readonly FileEntry[] = PAGE) =>
  chooseFiles(locked, { files }).map(({ filename }) => filename);

const refused = (locked: LockedPackage, files: readonly FileEntry[] = PAGE) =>
  refusalOf(() => chooseFiles(locked, { files }));

describe("the files that a lock names", () => {
  test("are the page's own entries, yanked ones too, and each once", () => {
    const got = chooseFiles(six({ files: [file(sdist), file(wheel), file(sdist)] }), { files: PAGE });
    expect(got).toEqual([PAGE[2], PAGE[1]]);
    expect(got[0]).toBe(PAGE[2]);
  });

  test("are refused where the page does not list one", () => {
    const gone = file(wheel, { filename: "six-1.18.0-py3-none-any.whl" as Filename });
    expect(refused(six({ files: [file(sdist), gone] }))).toBe(
      "unprocessable: uv.lock line 12: six-1.18.0-py3-none-any.whl is not on the page of six at https://edge.example/simple/. It was deleted, or comes from another index: make the lock file again with this index.",
    );
  });

  test("are refused where one has another digest, and both are named", () => {
    expect(refused(six({ files: [file(sdist, { digests: digests({ sha256: hex("e") }) })] }))).toBe(
      `unprocessable: uv.lock line 12: six-1.17.0.tar.gz is locked with sha256 ${hex("e")}, and https://edge.example/simple/ has ${hex("a")}: these are two different files. Lock again with this index if you trust it.`,
    );
  });

  test("are compared by every algorithm that both have", () => {
    const locked = (hashes: Hashes) => six({ files: [file(sdist, { digests: digests(hashes) })] });
    expect(chosen(locked({ sha512: hex("d") + hex("d"), md5: "0".repeat(32) }))).toEqual([sdist.filename]);
    expect(refused(locked({ sha256: hex("a"), sha512: hex("e") + hex("e") }))).toContain("two different files");
  });

  test("are refused where no algorithm is in both: what is locked could not be told from what is there", () => {
    const locked = six({ files: [file(wheel, { digests: digests({ sha1: "0".repeat(40), md5: "0".repeat(32) }) })] });
    expect(refused(locked)).toContain(
      "is locked with its sha1, md5, and https://edge.example/simple/ has sha256 of it",
    );
    expect(refused(locked, [{ ...wheel, hashes: {} }])).toContain(
      "has no digest of it, so it is unknown whether they are the same",
    );
  });

  test("need no digest where the lock has none", () => {
    expect(chosen(six({ files: [file(wheel, { digests: [] })] }))).toEqual([wheel.filename]);
  });
});

describe("a locked URL", () => {
  const torch = entry("https://download.pytorch.org/whl/cpu/torch-2.9.1%2Bcpu-cp311-none-any.whl");
  const http = entry("http://127.0.0.1:9000/whl//torch-1.0.zip");
  const query = entry("https://h.example/get/torch-1.0.zip?v=1");
  const encoded = entry("https://h.example/a%252Fb/torch-1.0.zip");
  const at = (one: FileEntry, url: string) => refused(six({ files: [file(one, { url })] }), [one]);

  test.each([
    [torch, "https://download.pytorch.org/whl/cpu/torch-2.9.1%2Bcpu-cp311-none-any.whl"],
    [torch, "https://download.pytorch.org/whl/cpu/torch-2.9.1+cpu-cp311-none-any.whl"],
    [torch, "https://DOWNLOAD.pytorch.org:443/whl/%63pu/torch-2.9.1+cpu-cp311-none-any.whl"],
    [torch, "http://127.0.0.1:8787/files/download.pytorch.org/whl/cpu/torch-2.9.1%2Bcpu-cp311-none-any.whl"],
    [torch, "https://other.example/team/torch/files/download.pytorch.org/whl/cpu/torch-2.9.1+cpu-cp311-none-any.whl"],
    [http, "http://127.0.0.1:9000/whl//torch-1.0.zip"],
    [http, "https://edge.example/files/127.0.0.1:9000/whl/torch-1.0.zip"],
    [http, "https://edge.example/files/127.0.0.1%3A9000/whl/torch-1.0.zip"],
    [query, "https://h.example/get/torch-1.0.zip?v=1"],
    [query, "https://edge.example/files/h.example/get/~P3Y9MQ/torch-1.0.zip"],
    [encoded, "https://h.example/a%252Fb/torch-1.0.zip"],
  ])("that is the upstream's or ours is taken: %#", (one, url) => {
    expect(at(one, url)).toBe("accepted");
  });

  test.each([
    [torch, "https://other.example/whl/cpu/torch-2.9.1%2Bcpu-cp311-none-any.whl"],
    [torch, "http://download.pytorch.org/whl/cpu/torch-2.9.1%2Bcpu-cp311-none-any.whl"],
    [torch, "https://download.pytorch.org/whl/cu128/torch-2.9.1%2Bcpu-cp311-none-any.whl"],
    [torch, "https://e.example/files/other.example/whl/cpu/torch-2.9.1+cpu-cp311-none-any.whl"],
    [torch, "https://e.example/notfiles/download.pytorch.org/whl/cpu/torch-2.9.1+cpu-cp311-none-any.whl"],
    [torch, "https://e.example/files/download.pytorch.org/whl/cpu/torch-2.9.1+cpu-cp311-none-any.whl?a=1"],
    [torch, "https://e.example/download.pytorch.org/whl/cpu/torch-2.9.1+cpu-cp311-none-any.whl"],
    [http, "https://127.0.0.1:9000/whl//torch-1.0.zip"],
    [http, "http://127.0.0.1:9000/whl/a%2Fb/torch-1.0.zip"],
    [query, "https://h.example/get/torch-1.0.zip?v=2"],
    [encoded, "https://h.example/a%2Fb/torch-1.0.zip"],
  ])("of another place is refused: %#", (one, url) => {
    expect(at(one, url)).toContain(
      `unprocessable: uv.lock line 12: ${one.filename} is locked at ${url}, which is not where https://edge.example/simple/ has it from`,
    );
  });
});

describe("a package without files", () => {
  test("means all files of its version", () => {
    expect(chosen(six({}))).toEqual([wheel.filename, sdist.filename]);
  });

  test("means those that have one of its digests, by whatever algorithm", () => {
    expect(chosen(six({ digests: digests({ sha512: hex("d") + hex("d"), sha256: hex("e") }) }))).toEqual([
      sdist.filename,
    ]);
    expect(chosen(six({ digests: digests({ sha256: hex("b") }) }))).toEqual([wheel.filename]);
  });

  test("is refused where none has, even if another version's file does", () => {
    expect(refused(six({ digests: digests({ sha256: hex("c") }) }))).toBe(
      "unprocessable: uv.lock line 10: six 1.17.0 has no file with any of the 1 locked hashes at https://edge.example/simple/. Lock again with this index if you trust it.",
    );
  });

  test("is refused where its version is not on the page", () => {
    expect(refused(six({ version: "1.18" }))).toBe(
      "unprocessable: uv.lock line 10: six 1.18 has no file at https://edge.example/simple/. It was deleted, or comes from another index: make the lock file again with this index.",
    );
    expect(refused(six({}), [])).toContain("six 1.17.0 has no file at");
  });

  test.each([
    ["1.17", "six-1.17.0.tar.gz"],
    ["v1.17.0", "six-1.17.tar.gz"],
    ["1.0.alpha-1", "six-1.0a1.zip"],
    ["1.0c1", "six-1.0rc1.zip"],
    ["1.0-preview", "six-1.0rc0.zip"],
    ["1.0-1", "six-1.0.post1-py3-none-any.whl"],
    ["1.0.r4", "six-1.0_post4-py3-none-any.whl"],
    ["1.0.post", "six-1.0.post0.zip"],
    ["1.0dev", "six-1.0.dev0.zip"],
    ["0!1.0", "six-1.0.zip"],
    ["1!01.0", "six-1!1.zip"],
    ["1.0+Ubuntu-01", "six-1.0+ubuntu.1-py3-none-any.whl"],
    ["2004D", "six-2004d.zip"],
    ["1.0", "six-1.0-py2.7.egg"],
    ["1.0", "six-1.0+cpu-py3-none-any.whl"],
  ])("of version %s means %s", (version, filename) => {
    expect(chosen(six({ version }), [entry(`${HOST}/${filename}`)])).toEqual([filename]);
  });

  test.each([
    ["1.0", "six-1.0.1.zip"],
    ["1.0", "six-1.0a0.zip"],
    ["1.0", "six-1.0.dev0.zip"],
    ["1.0", "six-1.0.post0.zip"],
    ["1.0", "six-1!1.0.zip"],
    ["1.0", "six-10.zip"],
    ["1.0+cpu", "six-1.0-py3-none-any.whl"],
    ["1.0+cpu", "six-1.0+cu128-py3-none-any.whl"],
    ["1.0", "sixty-1.0.zip"],
    ["2004D", "six-2004.zip"],
  ])("of version %s does not mean %s", (version, filename) => {
    expect(refused(six({ version }), [entry(`${HOST}/${filename}`)])).toContain(`six ${version} has no file at`);
  });

  test("prefers the version itself to one with a local label", () => {
    const both = [entry(`${HOST}/six-1.0+cpu-py3-none-any.whl`), entry(`${HOST}/six-1.0-py3-none-any.whl`)];
    expect(chosen(six({ version: "1.0" }), both)).toEqual(["six-1.0-py3-none-any.whl"]);
  });
});

test("our own files, which no upstream has, are compared as well", () => {
  const own: FileEntry = { filename: "six-1.0.zip" as Filename, hashes: {}, url: "../../files/-/00ff/six-1.0.zip" };
  const locked = (url: string) => refused(six({ files: [file(own, { url })] }), [own]);
  expect(locked("https://edge.example/files/-/00ff/six-1.0.zip")).toBe("accepted");
  expect(locked("https://edge.example/files/-/00fe/six-1.0.zip")).toContain("is not where");
});

describe("many packages of one project", () => {
  test("cost one reading of the page's names", () => {
    let read = 0;
    const counted = PAGE.map((one) => ({
      ...one,
      get filename() {
        read++;
        return one.filename;
      },
    }));
    const choose = fileChooser({ files: counted }, parseProjectName("six"), WHERE);
    for (let nth = 0; nth < 100; nth++) {
      expect(choose(six({}))).toHaveLength(2);
      expect(choose(six({ files: [file(sdist)] }))).toHaveLength(1);
    }
    // By name, and by version.
    expect(read).toBe(2 * PAGE.length);
  });

  test("are looked at once each where they mean the same", () => {
    const hashed = six({ digests: digests({ sha256: hex("a") }) });
    const named = six({ files: [file(sdist)] });
    const first = six({ line: 1 });
    const all = [first, six({ version: "v1.17" }), six({ version: "1.16.0" }), hashed, { ...hashed }, named, named];
    expect(distinctPackages(all)).toEqual([first, six({ version: "1.16.0" }), hashed, named, named]);
  });
});
