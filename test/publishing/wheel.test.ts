import { describe, expect, test } from "vitest";
import { inspect } from "../../worker/publishing/inspect/inspect.ts";
import { bytesOf, noise } from "../support/archive.ts";
import { hashOf, metadataOf, publishableWheel, stagedOf, type WheelSpec } from "../support/release.ts";
import { refusal, WHEEL } from "./support.ts";

const taken = async (filename: string, spec: WheelSpec = {}) =>
  inspect(filename, stagedOf(await publishableWheel(spec)));
const refused = async (spec: WheelSpec, filename = WHEEL) => refusal(filename, await publishableWheel(spec));

const without = (path: string) => (lines: string[]) => lines.filter((line) => !line.startsWith(path));
const changed = (path: string, to: (line: string) => string) => (lines: string[]) =>
  lines.map((line) => (line.startsWith(path) ? to(line) : line));

const inQuotes = (line: string) =>
  line.startsWith('"')
    ? line
    : line
        .split(",")
        .map((field) => `"${field}"`)
        .join(",");

test("a sound wheel says what it is, and its METADATA comes byte for byte", async () => {
  expect(await taken(WHEEL)).toEqual({
    filename: WHEEL,
    project: "demo",
    version: "1.0",
    identity: "demo-1-py3-none-any.whl",
    requiresPython: ">=3.9",
    metadata: bytesOf(metadataOf("demo", "1.0")),
  });
});

describe("a wheel is taken", () => {
  test.each<[string, string, WheelSpec]>([
    [
      "whose name is spelled as it was before names were normalised",
      "Acme.Demo-1.0.RC1-2-py2.py3-none-any.whl",
      { project: "Acme.Demo", version: "1.0.RC1", tags: ["py2-none-any", "py3-none-any"] },
    ],
    ["that writes its tags as one set", "demo-1.0-py2.py3-none-any.whl", { tags: ["py2.py3-none-any"] }],
    ["of a local version", "demo-1.0+cpu.1-py3-none-any.whl", { version: "1.0+cpu.1" }],
    ["that has directories as members", WHEEL, { files: { "demo/": "", "demo/__init__.py": "" } }],
    ["that has names with commas, quotes and letters beyond ASCII", WHEEL, { files: { 'demo/a,"b" ü.txt': "text" } }],
    ["that has names which differ in case only", WHEEL, { files: { "demo/a.py": "1", "demo/A.py": "2" } }],
    [
      "whose files are not compressed",
      WHEEL,
      { pack: (entries) => entries.map((entry) => ({ ...entry, stored: true })) },
    ],
    ["whose RECORD does not list itself", WHEEL, { record: without("demo-1.0.dist-info/RECORD") }],
    ["whose RECORD has quotes around all fields", WHEEL, { record: (lines) => lines.map(inQuotes) }],
    ["whose RECORD has lines twice", WHEEL, { record: (lines) => [...lines, ...lines] }],
    ["whose RECORD has lines twice, in two ways", WHEEL, { record: (lines) => [...lines, ...lines.map(inQuotes)] }],
    ["whose RECORD ends its lines as Windows does", WHEEL, { record: (lines) => [lines.join("\r\n")] }],
    [
      "whose RECORD has a quote within a field, which is a character like any other",
      WHEEL,
      {
        files: { 'demo/a"b.txt': "" },
        record: (lines) => lines.map((line) => line.replace('"demo/a""b.txt"', 'demo/a"b.txt')),
      },
    ],
    [
      "whose RECORD has a field that goes on behind its quotes",
      WHEEL,
      { record: changed("demo/data", (line) => line.replace("demo/data.txt", '"demo/"data.txt')) },
    ],
    ["whose METADATA writes the version another way", WHEEL, { metadata: metadataOf("demo", "1.0.0") }],
    ["whose METADATA writes the version shorter", WHEEL, { metadata: metadataOf("demo", "v1") }],
    ["whose dist-info writes the version another way", WHEEL, { version: "1.0.0", metadata: metadataOf("demo", "1") }],
    ["whose RECORD gives no sizes", WHEEL, { record: (lines) => lines.map((line) => line.replace(/\d+$/, "")) }],
    [
      "whose RECORD is signed",
      WHEEL,
      { pack: (entries) => [...entries, { name: "demo-1.0.dist-info/RECORD.jws", content: "{}" }] },
    ],
  ])("%s", async (_what, filename, spec) => {
    expect((await taken(filename, spec)).filename).toBe(filename);
  });

  test("whose RECORD has a better hash", async () => {
    const content = "text ".repeat(100_000);
    const hash = `sha512=${await hashOf(bytesOf(content), "SHA-512")}`;
    const record = changed("demo/big", (line) => line.replace(/sha256=[^,]+/, hash));
    expect((await taken(WHEEL, { files: { "demo/big.txt": content }, record })).project).toBe("demo");
  });

  test("that has a large file, compressed or not", async () => {
    const content = noise(3_000_000);
    const files = { "demo/large.bin": content };
    expect((await taken(WHEEL, { files })).project).toBe("demo");
    const pack: WheelSpec["pack"] = (entries) => entries.map((entry) => ({ ...entry, stored: true }));
    expect((await taken(WHEEL, { files, pack })).project).toBe("demo");
  });
});

describe("a wheel is refused", () => {
  test.each<[string, WheelSpec, string]>([
    [
      "of another project",
      { metadata: metadataOf("other", "1.0") },
      "is other 1.0 according to its METADATA, but its filename names another project or version",
    ],
    ["of another version", { metadata: metadataOf("demo", "1.0.1") }, "is demo 1.0.1 according to its METADATA"],
    [
      "whose dist-info is another's",
      { project: "other", metadata: metadataOf("demo", "1.0") },
      'directory "other-1.0.dist-info" where',
    ],
    [
      "whose dist-info is of another version",
      { version: "2.0", metadata: metadataOf("demo", "1.0") },
      'directory "demo-2.0.dist-info"',
    ],
    ["that has two", { files: { "other-1.0.dist-info/METADATA": "" } }, "has 2 dist-info directories"],
    [
      "that has two where case does not count",
      { files: { "demo-1.0.DIST-INFO/METADATA": "" } },
      "has 2 dist-info directories",
    ],
    ["whose tags are fewer than in its name", { tags: [] }, 'the tag "py3-none-any" in its name and not in WHEEL'],
    [
      "whose tags are more than in its name",
      { tags: ["py3-none-any", "py2-none-any"] },
      'the tag "py2-none-any" in WHEEL and not',
    ],
    [
      "of a format that comes later",
      { wheel: "Wheel-Version: 2.0\nTag: py3-none-any\n" },
      'Wheel-Version "2.0" in WHEEL',
    ],
    ["of no format", { wheel: "Tag: py3-none-any\n" }, "has no Wheel-Version"],
    [
      "with a file that RECORD does not list",
      { record: without("demo/data.txt") },
      'has "demo/data.txt", which RECORD does not list',
    ],
    [
      "without a file that RECORD lists",
      { record: (lines) => [...lines, "demo/no.py,sha256=x,1"] },
      'does not have "demo/no.py"',
    ],
    [
      "with a file that RECORD lists twice, with two hashes",
      { record: (lines) => [...lines, "demo/data.txt,sha256=x,100000"] },
      "twice in RECORD",
    ],
    [
      "with a size that is not RECORD's",
      { record: changed("demo/data", (line) => `${line}0`) },
      "of 100000 bytes, where RECORD says 1000000",
    ],
    [
      "without a hash",
      { record: changed("demo/data", (line) => line.replace(/sha256=[^,]+/, "")) },
      'no hash of "demo/data.txt"',
    ],
    [
      "with a hash that can be forged",
      { record: changed("demo/data", (line) => line.replace("sha256", "md5")) },
      'no hash of "demo/data.txt"',
    ],
    [
      "with another hash",
      { record: changed("demo/data", (line) => line.replace(/sha256=./, "sha256=_")) },
      "another hash than RECORD says",
    ],
    [
      "with a hash of RECORD itself",
      { record: changed("demo-1.0.dist-info/RECORD", () => "demo-1.0.dist-info/RECORD,sha256=x,") },
      "a hash of RECORD",
    ],
    [
      "with a field too many in RECORD",
      { record: changed("demo/data", (line) => `${line},`) },
      "an invalid line in RECORD",
    ],
    [
      "with a field too few",
      { record: changed("demo/data", (line) => line.replace(/,\d+$/, "")) },
      "an invalid line in RECORD",
    ],
    ["with a quote without end", { record: changed("demo/data", (line) => `"${line}`) }, "an invalid line in RECORD"],
    [
      "with a doubled quote without end",
      { record: changed("demo/data", (line) => `"x""${line}`) },
      "an invalid line in RECORD",
    ],
    [
      "with a size that is no number",
      { record: changed("demo/data", (line) => `${line}_0`) },
      "an invalid line in RECORD",
    ],
    ["with blanks in RECORD", { record: changed("demo/data", (line) => ` ${line}`) }, 'does not have " demo/data.txt"'],
    ["with lines that end in CR alone", { record: (lines) => [lines.join("\r")] }, "in RECORD"],
    [
      "with a byte order mark before WHEEL",
      { wheel: "\uFEFFWheel-Version: 1.0\nTag: py3-none-any\n" },
      "has no Wheel-Version",
    ],
    [
      "with a line in WHEEL that other readers end at",
      { wheel: "Wheel-Version: 1.0\n:\nTag: py3-none-any\n" },
      'the line ":" in WHEEL',
    ],
    ["with a RECORD that is none", { record: () => ["demo/__init__.py"] }, "an invalid line in RECORD"],
    ["with a METADATA of over 5 MiB", { metadata: "x".repeat(6_000_000) }, "METADATA has more than 5 MiB"],
    ["with a METADATA that is not UTF-8", { metadata: new Uint8Array([0x4e, 0xff]) }, "METADATA is not UTF-8"],
  ])("%s", async (_what, spec, sentence) => {
    const said = await refused(spec);
    expect(said).toContain(sentence);
    expect(said).toMatch(/^[^\n]+[^.]\.$/);
  });

  test("with a RECORD of a line that no expression could be held against", async () => {
    const record = (lines: string[]) => [...lines, `"${"a".repeat(11_000_000)}",sha256=x,1`];
    expect(await refused({ record })).toContain("an invalid line in RECORD");
  });

  test("with a RECORD of more lines than a list of them could be kept", async () => {
    const record = (lines: string[]) => [...lines, "\n".repeat(11_000_000)];
    expect((await taken(WHEEL, { record })).project).toBe("demo");
  });

  test.each(["METADATA", "WHEEL", "RECORD"])("without %s", async (member) => {
    const path = `demo-1.0.dist-info/${member}`;
    const pack: WheelSpec["pack"] = (entries) => entries.filter(({ name }) => name !== path);
    expect(await refused({ record: without(path), pack })).toContain(`has no ${member} in demo-1.0.dist-info`);
  });

  test.each(["metadata", "Wheel", "record"])("with a %s beside the one that is read", async (member) => {
    const path = `demo-1.0.dist-info/${member}`;
    const files = { [path]: "Metadata-Version: 2.1\nName: other\n" };
    expect(await refused({ files })).toContain(`has ${JSON.stringify(path)} beside`);
  });

  test("without a dist-info", async () => {
    const pack: WheelSpec["pack"] = (entries) => entries.filter(({ name }) => name.startsWith("demo/"));
    expect(await refused({ pack })).toContain("has no dist-info directory");
  });

  test("by its filename before a byte of it is read", async () => {
    const unread = { ...stagedOf(new Uint8Array(1)), read: () => Promise.reject(new Error("it was read")) };
    await expect(inspect("demo-1.0-py3.whl", unread)).rejects.toMatchObject({ kind: "bad-request" });
  });

  test("that is empty", async () => {
    expect(await refusal(WHEEL, new Uint8Array())).toContain("is empty");
  });
});
