import { expect, test } from "vitest";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import { paxRecord, type TarEntry } from "../support/archive.ts";
import { publishableSdist, sdistEntries, stagedOf } from "../support/release.ts";
import { refusal, SDIST } from "./support.ts";

// What Python's `tarfile` and GNU tar read from these archives was tried with Python 3.11 and tar 1.34.

const FILE: TarEntry = { path: "demo-1.0/a.py", content: "x" };
const pax = (content: string | Uint8Array, more: Partial<TarEntry> = {}): TarEntry => ({
  path: "PaxHeader",
  type: "x",
  content,
  ...more,
});
const gnu = (type: "L" | "K", content: string, padding = ""): TarEntry => ({
  path: "././@LongLink",
  type,
  content,
  padding,
});

const taken = async (...entries: readonly TarEntry[]) =>
  (await inspect(SDIST, stagedOf(await publishableSdist([...sdistEntries(), ...entries])))).project;

const SETUP = paxRecord("path", "demo-1.0/setup.py");
const LINK: TarEntry = { path: "demo-1.0/l", type: "2", target: "a.py" };

test.each<[string, readonly TarEntry[], string]>([
  ["a path behind a member's records", [pax(paxRecord("comment", "x"), { padding: SETUP }), FILE], "bytes after"],
  ["a NUL in place of a record", [pax("\0"), FILE], "broken extended header"],
  ["a path behind a record for all members", [pax(paxRecord("comment", "x"), { type: "g", padding: SETUP })], "bytes"],
  ["the rest of a long name behind it", [gnu("L", "demo-1.0/setup.p", "y"), FILE], "bytes after"],
  ["the rest of a link's long target behind it", [gnu("K", "demo-1.0/setup.p", "y"), LINK], "bytes after"],
  ["one byte at the end of a block", [pax(SETUP, { padding: `${"\0".repeat(480)}x` }), FILE], "bytes after"],
  ["bytes behind the NUL of a long name", [gnu("L", "demo-1.0/a.py\0etup.py"), FILE], "bytes after the end of a long"],
  ["a long name that is empty", [gnu("L", "\0"), FILE], "an empty value"],
  ["a path that is empty", [pax(paxRecord("path", "")), FILE], "an empty value"],
  ["a NUL in a path", [pax(paxRecord("path", "demo-1.0/setup.py\0.txt")), FILE], "a NUL in"],
  ["a NUL in a link's target", [pax(paxRecord("linkpath", "a.py\0")), LINK], "a NUL in"],
  ["a key with a NUL", [pax(paxRecord("path\0", "demo-1.0/setup.py")), FILE], "broken extended header"],
  ["a key with a blank before it", [pax(paxRecord(" path", "demo-1.0/setup.py")), FILE], "broken extended header"],
  ["a key with a tab before it", [pax(paxRecord("\tpath", "demo-1.0/setup.py")), FILE], "broken extended header"],
  [
    "a path and further records of one member",
    [pax(SETUP), pax(paxRecord("comment", "x")), FILE],
    "two extended headers",
  ],
  ["two paths in one header", [pax(SETUP + paxRecord("path", "demo-1.0/b.txt")), FILE], "two long names"],
  ["a path and a long name", [pax(SETUP), gnu("L", "demo-1.0/b.txt"), FILE], "two long names"],
  ["two long names of GNU", [gnu("L", "demo-1.0/b"), gnu("L", "demo-1.0/c"), FILE], "two long names"],
  ["two equal sizes", [pax(paxRecord("size", "1")), pax(paxRecord("size", "1")), FILE], "two sizes"],
  ["a size with a sign", [pax(paxRecord("size", "+1")), FILE], "two sizes"],
  ["a size with a blank", [pax(paxRecord("size", " 1")), FILE], "two sizes"],
  ["a size with a zero before it", [pax(paxRecord("size", "01")), FILE], "two sizes"],
  ["a size of a link", [pax(paxRecord("size", "512")), LINK], "two sizes"],
  ["a size for all members", [pax(paxRecord("size", "1"), { type: "g" }), FILE], 'header "size"'],
  ["a link's target for all members", [pax(paxRecord("linkpath", "x"), { type: "g" }), LINK], 'header "linkpath"'],
  ["names in no charset", [pax(paxRecord("hdrcharset", "BINARY") + SETUP), FILE], "not in UTF-8"],
  ["names in no charset for all", [pax(paxRecord("hdrcharset", "BINARY"), { type: "g" }), FILE], "not in UTF-8"],
  ["a sparse file of GNU", [pax(paxRecord("GNU.sparse.major", "1")), FILE], "GNU.sparse"],
  ["another name of a sparse file", [pax(paxRecord("GNU.sparse.name", "demo-1.0/setup.py")), FILE], "GNU.sparse"],
  ["a sparse file for all", [pax(paxRecord("GNU.sparse.realsize", "0"), { type: "g" }), FILE], "GNU.sparse"],
  ["a sparse file of Solaris", [pax(paxRecord("SUN.holesdata", " 0 1")), FILE], "SUN.holesdata"],
  ["a type of star", [pax(paxRecord("SCHILY.filetype", "sparse")), FILE], "SCHILY.filetype"],
  ["records of Solaris", [pax(SETUP, { type: "X" }), FILE], "neither a file"],
  ["a contiguous file", [{ ...FILE, type: "7" }], "neither a file"],
  ["a type that does not exist", [{ ...FILE, type: "Z" }], "neither a file"],
  [
    "a directory of old archives with GNU's long name",
    [gnu("L", "demo-1.0/d/"), { path: "d/", type: "\0" }],
    "both as",
  ],
])("an sdist that readers take for different ones is refused: %s", async (_what, entries, sentence) => {
  expect(await refusal(SDIST, await publishableSdist([...sdistEntries(), ...entries]))).toContain(sentence);
});

const NUMBERS: readonly (readonly [field: string, at: number, width: number])[] = [
  ["mode", 100, 8],
  ["owner", 108, 8],
  ["group", 116, 8],
  ["size", 124, 12],
  ["time", 136, 12],
  ["major", 329, 8],
  ["minor", 337, 8],
];

/** Python's reader ends the archive at such a header, as if nothing came behind it; GNU tar goes on. */
const GARBAGE = ["x", "0000z", "9", "0o17", "1_0", "+7", "-7", "7\t", "7 x", "7\0x", "\u00007", "\u0000 7"];

test.each(NUMBERS.flatMap(([field, at, width]) => GARBAGE.map((text) => [field, text, at, width] as const)))(
  "an sdist in which the %s of a member is %j is refused",
  async (_field, text, at, width) => {
    const number = new Uint8Array(width);
    number.set(new TextEncoder().encode(text));
    // The last member, so that Python finds all that it needs.
    const entries = [...sdistEntries(), { ...FILE, patch: { [at]: number } }];
    expect(await refusal(SDIST, await publishableSdist(entries))).toContain("a number that cannot be read");
  },
);

test.each([0x81, 0xc0, 0xfe])("an sdist with an owner in base 256 that begins with %i is refused", async (byte) => {
  const entries = [...sdistEntries(), { ...FILE, patch: { 108: new Uint8Array([byte, 0, 0, 0, 0, 0, 0, 1]) } }];
  expect(await refusal(SDIST, await publishableSdist(entries))).toContain("a number that cannot be read");
});

test("an sdist in which the numbers of an extended header are none is refused", async () => {
  const entries = [...sdistEntries(), pax(SETUP, { patch: { 108: "x" } }), FILE];
  expect(await refusal(SDIST, await publishableSdist(entries))).toContain("a number that cannot be read");
});

test("an sdist is taken whose numbers are as archivers write them", async () => {
  const large = new Uint8Array([0x80, 0, 0, 0, 0x40, 0, 0, 1]);
  const before1970 = new Uint8Array([...Array<number>(11).fill(0xff), 0x9c]);
  expect(
    await taken({
      ...FILE,
      patch: { 100: "100644 \0", 108: large, 116: large, 136: before1970, 329: " ".repeat(8), 337: "0000000 " },
    }),
  ).toBe("demo");
});

test("an sdist is taken whose extended headers say again what its header says, and that names are UTF-8", async () => {
  const charset = paxRecord("hdrcharset", "ISO-IR 10646 2000 UTF-8");
  expect(
    await taken(
      pax(charset, { type: "g" }),
      pax(charset + paxRecord("path", FILE.path as string) + paxRecord("size", "1")),
      FILE,
      pax(paxRecord("size", "0") + paxRecord("SCHILY.xattr.user.a b", "\n1 path=x")),
      { path: "demo-1.0/d", type: "5" },
      gnu("L", `demo-1.0/${"a".repeat(120)}\0\0\0`),
      FILE,
    ),
  ).toBe("demo");
});
