import { describe, expect, test } from "vitest";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import { extra, zip, zip64, type ZipEntry } from "../support/archive.ts";
import { publishableWheel, stagedOf, wheelEntries, type WheelSpec } from "../support/release.ts";
import { refusal, WHEEL } from "./support.ts";

const CODE = "demo/__init__.py";
const DATA = "demo/data.txt";

/** A sound wheel in which one member is not as it should be. */
const altered = (name: string, change: Partial<ZipEntry>) => async () =>
  zip((await wheelEntries()).map((entry) => (entry.name === name ? { ...entry, ...change } : entry)));

/** A wheel that is sound but for how its archive ends. */
const ending = (end: Parameters<typeof zip>[1]) => async () => zip(await wheelEntries(), end);

const containing = (files: WheelSpec["files"]) => () => publishableWheel({ files: { ...files } });

const bytes = (text: string) => new TextEncoder().encode(text);

describe("a wheel is refused", () => {
  test.each<[string, () => Promise<Uint8Array>, string]>([
    ["with a member that is encrypted", altered(CODE, { said: { flags: 1 } }), "is encrypted"],
    ["with a data descriptor", altered(CODE, { said: { flags: 8 } }), "in a data descriptor"],
    ["with unknown flags", altered(CODE, { said: { flags: 0x2000 } }), "flags that installers do not know"],
    ["with another compression", altered(CODE, { said: { method: 93 } }), "a method other than deflate"],
    ["with a symbolic link", altered(CODE, { central: { mode: 0o120777 } }), "is a link or a special file"],
    ["with a device", altered(CODE, { central: { mode: 0o020644 } }), "is a link or a special file"],
    [
      "with a directory that is said to be a file",
      altered(CODE, { central: { mode: 0o040755 } }),
      "is a link or a special",
    ],
    ["with a directory that has bytes", containing({ "demo/": "text" }), "is a directory with bytes of its own"],
    ["with two names of a member", altered(CODE, { local: { name: "demo/__evil__.py" } }), "something else of itself"],
    ["with two methods", altered(DATA, { local: { method: 0 } }), "something else of itself"],
    ["with two checksums", altered(CODE, { local: { crc32: 1 } }), "something else of itself"],
    ["with two compressed sizes", altered(CODE, { local: { compressedSize: 1 } }), "something else of itself"],
    ["with two sizes", altered(CODE, { local: { uncompressedSize: 1 } }), "something else of itself"],
    ["with a version that Python does not open", altered(CODE, { version: { central: 64 } }), "a later version of ZIP"],
    ["with such a version in one place", altered(CODE, { version: { local: 64 } }), "a later version of ZIP"],
    ["with a version beyond all", altered(CODE, { version: { central: 0x0114 } }), "a later version of ZIP"],
    ["with two sets of flags", altered(CODE, { local: { flags: 2 } }), "something else of itself"],
    [
      "with two sizes of bytes that are stored",
      altered(CODE, { stored: true, said: { compressedSize: 3 } }),
      "has two sizes",
    ],
    ["with a wrong checksum", altered(CODE, { said: { crc32: 1 } }), "is compressed wrongly"],
    [
      "with a wrong checksum of a large member",
      altered(DATA, { stored: true, said: { crc32: 1 } }),
      "is compressed wrongly",
    ],
    [
      "with bytes behind the end of what is deflated",
      altered(CODE, { packed: new Uint8Array([3, 0, 80, 75]) }),
      "is compressed wrongly",
    ],
    ["with a comment of a member", altered(CODE, { central: { comment: "x" } }), "a comment stands in its directory"],
    ["with a member that is elsewhere", altered(DATA, { central: { offset: 0 } }), "does not directly follow"],
    ["with a gap", altered(DATA, { gap: bytes("hidden") }), "does not directly follow"],
    ["with bytes in front", altered(CODE, { gap: bytes("#!/bin/sh\n") }), "does not directly follow"],
    [
      "with bytes in front of its directory",
      ending({ gap: bytes("hidden") }),
      "between its last member and its directory",
    ],
    [
      "with bytes behind its directory",
      ending({ before: new Uint8Array(76) }),
      "does not lie right before its end, or is one of ZIP64",
    ],
    ["with a comment", ending({ comment: "more" }), "must end with its central directory"],
    ["with two disks", ending({ disk: 1 }), "not all in one file"],
    ["with fewer members than it says", ending({ count: 6 }), "another length than it says"],
    ["with more members than it says", ending({ count: 2 }), "another length than it says"],
    ["with a directory that is cut", ending({ length: 40 }), "does not lie right before its end"],
    ["with too many members", ending({ count: 65_535 }), "has more than 65535 members"],
    [
      "with a second name",
      async () => altered(CODE, { said: { extra: await extra(0x7075, bytes("x")) } })(),
      "a second name in an extra field",
    ],
    ["with broken extra fields", altered(CODE, { said: { extra: bytes("xyz") } }), "extra fields are broken"],
    [
      "with a name in another code page",
      altered(CODE, { said: { name: new Uint8Array([0x81, 0x82]) } }),
      "not ASCII and not marked as UTF-8",
    ],
    [
      "with a name that is not UTF-8",
      altered(CODE, { said: { name: new Uint8Array([0x81]), flags: 0x800 } }),
      "whose name is not UTF-8",
    ],
    ["with two members of one name", containing({ "demo/a": "1", "demo/a/": "" }), "both as a file and as a directory"],
    [
      "with a file below a file",
      containing({ "demo/a": "1", "demo/a/b.py": "2" }),
      "both as a file or link and as a directory",
    ],
  ])("%s", async (_what, build, sentence) => {
    expect(await refusal(WHEEL, await build())).toContain(sentence);
  });

  test("with two members of one name", async () => {
    const entries = await wheelEntries();
    const twice = [{ name: CODE, content: "import os\n" }, ...entries];
    expect(await refusal(WHEEL, await zip(twice))).toContain(`two members called "${CODE}"`);
  });

  test.each([
    "/etc/passwd",
    "../x.py",
    "demo/../../x.py",
    "demo/./x.py",
    "demo//x.py",
    "C:/x.py",
    "c:x.py",
    "demo\\x.py",
    "demo/\u0000.py",
    "demo/\n.py",
    // Python's `splitlines`, by which pip reads RECORD, ends a line at each of these.
    "demo/\u0085.py",
    "demo/\u2028.py",
    "demo/\u2029.py",
    "..",
    "",
  ])("with a member called %j", async (path) => {
    const pack: WheelSpec["pack"] = (entries) => [...entries, { name: path, content: "x" }];
    expect(await refusal(WHEEL, await publishableWheel({ pack }))).toContain("would not be unpacked where it belongs");
  });

  test.each([
    "demo/NUL",
    "demo/nul.py",
    "demo/nul .py",
    "demo/nul.tar.gz",
    "CON/x.py",
    "demo/con",
    "demo/prn.txt",
    "demo/AUX.py",
    "demo/aux/x.py",
    "demo/COM1",
    "demo/com9.py",
    "demo/COM\u00b9",
    "demo/lpt\u00b3.py",
    "demo/CONIN$",
    "demo/conout$.txt",
    "demo/a.py.",
    "demo/a.py ",
    "demo/a./x.py",
    "demo/a /x.py",
    "demo/...",
    "demo/a.py:x",
    "demo/a.py::$DATA",
    "demo:x/a.py",
  ])("with a member called %j, which is another on Windows", async (path) => {
    const pack: WheelSpec["pack"] = (entries) => [...entries, { name: path, content: "x" }];
    expect(await refusal(WHEEL, await publishableWheel({ pack }))).toContain("which Windows takes for another name");
  });

  test("with a member whose sizes are ZIP64's in one place only", async () => {
    const field = await zip64(1, 1);
    const sizes = { compressedSize: 0xffffffff, uncompressedSize: 0xffffffff };
    const both = altered(CODE, { local: { ...sizes, extra: field } });
    expect(await refusal(WHEEL, await both())).toContain("something else of itself");
    expect(await refusal(WHEEL, await altered(CODE, { said: sizes })())).toContain("extra fields are broken");
    expect(await refusal(WHEEL, await altered(CODE, { said: { extra: field } })())).toContain(
      "extra fields are broken",
    );
  });

  test("that would unpack to gigabytes, before it is unpacked", async () => {
    const said = { uncompressedSize: 0xfffffffe };
    expect(await refusal(WHEEL, await altered(DATA, { said })())).toContain("unpacks to more than 64 MiB");
  });

  test("with a member that unpacks to more than it says", async () => {
    const content = new Uint8Array(20_000_000);
    for (const [name, sentence] of [
      ["demo/small.bin", 1_000],
      ["demo/large.bin", 10_000_000],
    ] as const) {
      const pack: WheelSpec["pack"] = (entries) =>
        entries.map((entry) =>
          entry.name === name ? { ...entry, content, said: { uncompressedSize: sentence } } : entry,
        );
      const wheel = await publishableWheel({ files: { [name]: new Uint8Array(sentence) }, pack });
      expect(await refusal(WHEEL, wheel)).toMatch(/a different size from the one in|is compressed wrongly/);
    }
  });
});

test("a wheel is taken whose members have names like those of devices, and versions up to 6.3", async () => {
  const names = [
    "nula",
    "anul",
    "con_",
    "icon",
    "com",
    "com0",
    "com10",
    "lpt",
    "auxiliary.py",
    ".nul",
    "a.nul",
    "a..b",
    ".a",
  ];
  const wheel = await publishableWheel({
    files: Object.fromEntries(names.map((name) => [`demo/${name}/${name}`, ""])),
    pack: (entries) => entries.map((entry) => ({ ...entry, version: { local: 45, central: 63 } })),
  });
  expect((await inspect(WHEEL, stagedOf(wheel))).project).toBe("demo");
});

test("a wheel is taken whose members have ZIP64's sizes in both places, and times in extra fields", async () => {
  const [first, ...others] = await wheelEntries();
  if (!first) throw new Error("a wheel has members");
  const length = new TextEncoder().encode(String(first.content)).byteLength;
  const field = await zip64(length, length);
  const said = { extra: field, compressedSize: 0xffffffff, uncompressedSize: 0xffffffff };
  const times = { extra: await extra(0x5455, new Uint8Array(5)) };
  const wheel = await zip([{ ...first, stored: true, said }, ...others.map((entry) => ({ ...entry, local: times }))]);
  expect((await inspect(WHEEL, stagedOf(wheel))).project).toBe("demo");
});
