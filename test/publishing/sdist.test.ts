import { describe, expect, test } from "vitest";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import { gzipped, joined, paxRecord, tar, type TarEntry } from "../support/archive.ts";
import { metadataOf, publishableSdist, sdistEntries, stagedOf } from "../support/release.ts";
import { refusal, SDIST } from "./support.ts";

const taken = async (filename: string, entries: readonly TarEntry[]) =>
  inspect(filename, stagedOf(await publishableSdist(entries)));

const adding = (...entries: readonly TarEntry[]) => [...sdistEntries(), ...entries];
const without = (name: string) => sdistEntries().filter(({ path }) => path !== `demo-1.0/${name}`);
const pax = (records: string, type = "x"): TarEntry => ({ path: "PaxHeader", type, content: records });
const FILE: TarEntry = { path: "demo-1.0/a.py", content: "x" };

test("a sound sdist says what it is", async () => {
  expect(await taken(SDIST, sdistEntries())).toEqual({
    filename: SDIST,
    project: "demo",
    version: "1.0",
    identity: "demo-1.tar.gz",
    requiresPython: ">=3.9",
    metadata: new TextEncoder().encode(metadataOf("demo", "1.0")),
  });
});

describe("an sdist is taken", () => {
  test.each<[string, string, readonly TarEntry[]]>([
    ["whose name is older than PEP 625", "Acme.Demo-Kit-1.0.RC1.tar.gz", sdistEntries("Acme.Demo-Kit", "1.0.RC1")],
    ["with a directory of another spelling", "acme_demo-1.0rc1.tar.gz", sdistEntries("acme-demo", "1.0-rc.1")],
    ["with metadata of another spelling", SDIST, sdistEntries("demo", "1.0", metadataOf("demo", "1.0.0"))],
    ["with a directory and metadata of another spelling", "demo-1.tar.gz", sdistEntries("demo", "1.0.0")],
    ["with a hyphen in its version", "demo-1.0-2.tar.gz", sdistEntries("demo", "1.0-2")],
    ["with setup.py alone", SDIST, [...without("pyproject.toml"), { path: "demo-1.0/setup.py", content: "" }]],
    ["with directories", SDIST, [{ path: "demo-1.0/", type: "5" }, ...adding({ path: "demo-1.0/a", type: "5" })]],
    ["with a directory of old archives", SDIST, adding({ path: "demo-1.0/a/", type: "\0" })],
    ["with long names of POSIX", SDIST, adding(pax(paxRecord("path", `demo-1.0/${"ü".repeat(120)}`)), FILE)],
    [
      "with long names of GNU",
      SDIST,
      adding({ path: "././@LongLink", type: "L", content: `demo-1.0/${"a".repeat(120)}\0` }, FILE),
    ],
    ["with a name in two parts", SDIST, adding({ path: "a.py", prefix: "demo-1.0/long" })],
    [
      "with times and a comment",
      SDIST,
      [pax(paxRecord("comment", "0".repeat(40)), "g"), ...adding(pax(paxRecord("mtime", "1.5")), FILE)],
    ],
    [
      "with links within it",
      SDIST,
      adding(
        { path: "demo-1.0/a/b", type: "2", target: "../demo.py" },
        { path: "demo-1.0/c", type: "1", target: "demo-1.0/demo.py" },
      ),
    ],
  ])("%s", async (_what, filename, entries) => {
    expect((await taken(filename, entries)).filename).toBe(filename);
  });
});

describe("an sdist is refused", () => {
  test.each<[string, readonly TarEntry[], string]>([
    [
      "of another project",
      sdistEntries("demo", "1.0", metadataOf("other", "1.0")),
      "is other 1.0 according to its PKG-INFO",
    ],
    [
      "of another version",
      sdistEntries("demo", "1.0", metadataOf("demo", "2.0")),
      "is demo 2.0 according to its PKG-INFO",
    ],
    [
      "with another's directory",
      sdistEntries("other", "1.0", metadataOf("demo", "1.0")),
      'the directory "other-1.0" where demo-1.0 is',
    ],
    [
      "with another version's directory",
      sdistEntries("demo", "2.0", metadataOf("demo", "1.0")),
      'the directory "demo-2.0" where',
    ],
    ["without PKG-INFO", without("PKG-INFO"), "has no PKG-INFO"],
    ["without anything to build from", without("pyproject.toml"), "neither pyproject.toml nor setup.py"],
    ["with two of a name", adding({ path: "demo-1.0/PKG-INFO", content: "" }), "two members called"],
    ["with a file beside its directory", adding({ path: "evil.py", content: "" }), 'has "evil.py" outside "demo-1.0/"'],
    [
      "with a second directory",
      adding({ path: "other/evil.py", content: "" }),
      'has "other/evil.py" outside "demo-1.0/"',
    ],
    ["that is a file in place of a directory", [{ path: "demo-1.0" }], 'has "demo-1.0" outside "demo-1.0/"'],
    ["with a device", adding({ path: "demo-1.0/a", type: "3" }), "neither a file, a directory nor a link"],
    ["with a pipe", adding({ path: "demo-1.0/a", type: "6" }), "neither a file, a directory nor a link"],
    ["with a sparse file", adding({ path: "demo-1.0/a", type: "S" }), "neither a file, a directory nor a link"],
    [
      "with a link to elsewhere",
      adding({ path: "demo-1.0/a", type: "2", target: "/etc/passwd" }),
      "/etc/passwd\", outside the project's folder",
    ],
    ["with a link to above", adding({ path: "demo-1.0/a", type: "2", target: "../x" }), "has the link"],
    [
      "with a link to above by a way down",
      adding({ path: "demo-1.0/a/b", type: "2", target: "c/../../../x" }),
      "has the link",
    ],
    ["with a link to what is above", adding({ path: "demo-1.0/a/b", type: "2", target: "../.." }), "has the link"],
    ["with a hard link to elsewhere", adding({ path: "demo-1.0/a", type: "1", target: "/etc/passwd" }), "has the link"],
    [
      "with a hard link to what comes later",
      adding({ path: "demo-1.0/b", type: "1", target: "demo-1.0/a.py" }, FILE),
      "has the link",
    ],
    [
      "with a file below a link",
      adding({ path: "demo-1.0/a", type: "2", target: "b" }, { path: "demo-1.0/a/x" }),
      "as a file or link and as a directory",
    ],
    [
      "with a link that has bytes",
      adding({ path: "demo-1.0/a", type: "2", target: "b", content: "x" }),
      "is not a regular file but contains data",
    ],
    ["with a file called like a directory", adding({ path: "demo-1.0/a/" }), "whose name ends like a directory's"],
    [
      "with a directory of old archives by its short name that is a file by its long one",
      adding(pax(paxRecord("path", "demo-1.0/a")), { path: "a/", type: "\0", content: "a second archive" }),
      '"demo-1.0/a" both as a file and as a directory',
    ],
    [
      "with a file by its short name that is a directory of old archives by its long one",
      adding(pax(paxRecord("path", "demo-1.0/a/")), { path: "a", type: "\0" }),
      '"demo-1.0/a/" both as a file and as a directory',
    ],
    ["with a prefix and no name", adding({ path: "", prefix: "demo-1.0/a", type: "\0" }), "a prefix and no name"],
    [
      "with another size in an extended header",
      adding(pax(paxRecord("size", "2")), FILE),
      'the extended header "size"',
    ],
    [
      "with a path for all that follow",
      [pax(paxRecord("path", "demo-1.0/a"), "g"), ...sdistEntries()],
      'the extended header "path"',
    ],
    [
      "with two long names",
      adding(pax(paxRecord("path", "demo-1.0/b")), pax(paxRecord("path", "demo-1.0/c")), FILE),
      "two long names",
    ],
    ["with a broken extended header", adding(pax("99 path=x\n"), FILE), "a broken extended header"],
    ["with an extended header of any length", adding(pax("x".repeat(70_000)), FILE), "more than 64 KiB"],
    [
      "with an extended header and no member",
      adding(pax(paxRecord("path", "demo-1.0/a"))),
      "ends in the middle of a member",
    ],
    ["with a wrong checksum", adding({ ...FILE, checksum: 1 }), "the checksum of a header is wrong"],
    ["with a number that is none", adding({ ...FILE, size: "0000000000x\0" }), "a number that cannot be read"],
    [
      "with a number of GNU's",
      adding({ ...FILE, size: "\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0001" }),
      "a number that cannot be read",
    ],
    [
      "with a prefix that only some know",
      adding({ ...FILE, magic: "ustar  \0", prefix: "demo-1.0" }),
      "has a prefix and is not of POSIX",
    ],
    ["with a name that is not UTF-8", adding({ path: new Uint8Array([0x64, 0xff]) }), "a name is not UTF-8"],
  ])("%s", async (_what, entries, sentence) => {
    expect(await refusal(SDIST, await publishableSdist(entries))).toContain(sentence);
  });

  test.each(["demo-1.0/../x", "/demo-1.0/x", "./demo-1.0/x", "demo-1.0//x", "demo-1.0/a\\b", "demo-1.0/\n"])(
    "with a member called %j",
    async (path) => {
      expect(await refusal(SDIST, await publishableSdist(adding({ path })))).toContain("would not be unpacked");
    },
  );

  test("with anything behind the end of the archive", async () => {
    const whole = await tar(sdistEntries());
    const hidden = await gzipped(await joined([whole, await tar([{ path: "demo-1.0/evil.py", content: "x" }])]));
    expect(await refusal(SDIST, hidden)).toContain("bytes after the end of its tar archive");
    expect(await refusal(SDIST, await gzipped(await tar(sdistEntries(), new Uint8Array(512))))).toContain(
      "ends too early",
    );
    const odd = await tar(sdistEntries(), new Uint8Array(512));
    expect(await refusal(SDIST, await gzipped(await joined([odd, await tar([FILE])])))).toContain(
      "an empty block between",
    );
  });

  test("with a second compressed stream, or bytes behind the first", async () => {
    const first = await publishableSdist();
    const sentence = "is compressed wrongly";
    expect(await refusal(SDIST, await joined([first, await gzipped(new Uint8Array(1024))]))).toContain(sentence);
    expect(await refusal(SDIST, await joined([first, "x"]))).toContain(sentence);
    expect(await refusal(SDIST, await tar(sdistEntries()))).toContain(sentence);
  });

  test("that unpacks to many times its size, before all of it is unpacked", async () => {
    const filler = { path: "demo-1.0/zeros", content: new Uint8Array(80_000_000) };
    const sentence = "unpacks to more than 64 MiB";
    expect(await refusal(SDIST, await publishableSdist(adding(filler)))).toContain(sentence);
    const padded = await gzipped(await tar(sdistEntries(), new Uint8Array(80_000_000)));
    expect(await refusal(SDIST, padded)).toContain(sentence);
  });

  test("of headers that go on and on", async () => {
    const headers = await tar(
      Array.from({ length: 2_000 }, () => pax("", "g")),
      new Uint8Array(),
    );
    const archive = await joined(Array.from({ length: 70 }, () => headers));
    expect(await refusal(SDIST, await gzipped(archive))).toContain("unpacks to more than 64 MiB");
  });

  test("with more than 65,535 members", async () => {
    const members = await tar([{ path: "demo-1.0/a", type: "5" }], new Uint8Array());
    const many = await joined(Array.from({ length: 65_536 }, () => members));
    expect(await refusal(SDIST, await gzipped(many))).toContain("has more than 65535 members");
  });

  test("with a PKG-INFO of over 5 MiB", async () => {
    const entries = sdistEntries("demo", "1.0", `${metadataOf("demo", "1.0")}${"x".repeat(6_000_000)}`);
    expect(await refusal(SDIST, await publishableSdist(entries))).toContain("PKG-INFO of more than 5 MiB");
  });

  test("whose name cannot be asked for", async () => {
    const said = await refusal("demo-2-v1.0.tar.gz", await publishableSdist(sdistEntries("demo-2", "v1.0")));
    expect(said).toContain("call it demo_2-1.0.tar.gz");
  });
});
