import { expect, test } from "vitest";
import { readFormPieces } from "../../worker/http/upload/multipart.ts";
import { formOf, type Part } from "../support/upload.ts";

const WANTED = { fields: new Set(["name", "version", "empty"]), file: "content" };

/** As clients make them: requests, reqwest, curl, browsers, and the longest and the oddest that the RFC lets be. */
const BOUNDARIES = [
  "0123456789abcdef0123456789abcdef",
  "6f1d2c3b4a596877-1122334455667788-99aabbccddeeff00-0123456789abcdef",
  "------------------------d74496d66958873e",
  "----WebKitFormBoundary7MA4YWxkTrZu0gW",
  "-".repeat(70),
  "a--",
  "x",
];

/** Content that looks like the end of a part, but for its last character, and ends as a form does. */
const content = (boundary: string) =>
  new TextEncoder().encode(
    [
      "PK",
      `\r\n--${boundary.slice(0, -1)}!`,
      `\r\n-${boundary}`,
      `\n--${boundary}--`,
      `\r\r\n--${boundary.slice(1)}`,
      "-".repeat(200),
      "\r\n--\r\n--\r",
      "--",
    ].join("\u0000"),
  );

const parts = (boundary: string): Part[] => [
  ["ignored", "x".repeat(50)],
  ["name", "demo"],
  ["empty", ""],
  ["content", { filename: "demo-1.0.tar.gz", bytes: content(boundary) }],
  ["gpg_signature", { filename: "demo-1.0.tar.gz.asc", bytes: new TextEncoder().encode("-----BEGIN") }],
  ["version", "1.0 – “ü”"],
];

async function read(
  boundary: string,
  form: Uint8Array,
  size: number,
  header = `multipart/form-data; boundary=${boundary}`,
) {
  const fields: Record<string, string> = {};
  const files: string[] = [];
  let bytes: number[] = [];
  async function* chunks() {
    for (let at = 0; at < form.byteLength; at += size) yield Promise.resolve(form.slice(at, at + size));
  }
  for await (const piece of readFormPieces(header, chunks(), WANTED)) {
    if (piece.kind === "field") fields[piece.name] = piece.value;
    else if (piece.kind === "file") files.push(piece.filename);
    else bytes = bytes.concat([...piece.bytes]);
  }
  return { fields, files, bytes: Uint8Array.from(bytes) };
}

test.each(BOUNDARIES)("a form with the boundary %s is the same in whatever pieces it comes", async (boundary) => {
  const form = formOf(parts(boundary), boundary);
  for (let size = 1; size <= form.byteLength; size = size < 300 ? size + 1 : size * 2) {
    expect([size, await read(boundary, form, size)]).toEqual([
      size,
      {
        fields: { name: "demo", empty: "", version: "1.0 – “ü”" },
        files: ["demo-1.0.tar.gz"],
        bytes: content(boundary),
      },
    ]);
  }
});

test.each(BOUNDARIES)("a form with the boundary %s is refused wherever it breaks off", async (boundary) => {
  const form = formOf(parts(boundary), boundary);
  // The line end behind it is no part of it.
  for (let end = 0; end < form.byteLength - 2; end++) {
    await expect(read(boundary, form.slice(0, end), 97)).rejects.toMatchObject({ kind: "bad-request" });
  }
});

test("endless hyphens are not held in memory", async () => {
  const bytes = new Uint8Array(500_000).fill(0x2d);
  const form = formOf([["content", { filename: "demo-1.0.tar.gz", bytes }]], "-x-");
  const { bytes: found } = await read("-x-", form, 1_000);
  expect(found.byteLength).toBe(bytes.byteLength);
});

test("a boundary may be quoted, and text before and after a form is ignored", async () => {
  const form = new TextEncoder().encode(
    '--a b\r\nContent-Disposition: form-data; name="name"\r\n\r\ndemo\r\n--a b--\r\nand more\r\n--a b\r\nnot a header\r\n',
  );
  for (let size = 1; size <= form.byteLength; size++) {
    expect((await read("a b", form, size, 'multipart/form-data; boundary="a b"')).fields).toEqual({ name: "demo" });
  }
});

test.each([
  ["a filename outside ASCII", 'form-data; name="content"; filename="dеmo-1.0.tar.gz"'],
  ["another disposition", 'attachment; name="content"; filename="demo-1.0.tar.gz"'],
  ["none", ""],
])("a part with %s is refused by what is wrong with it: it is not missing", async (_what, disposition) => {
  const head = disposition && `Content-Disposition: ${disposition}\r\n`;
  const form = new TextEncoder().encode(`--x\r\n${head}X: y\r\n\r\nPK\r\n--x--\r\n`);
  await expect(read("x", form, form.length)).rejects.toThrow("its Content-Disposition must be form-data");
});

test.each([
  "multipart/form-data;\tboundary=x",
  'multipart/form-data;\tboundary="x"',
  "multipart/form-data\t;\t boundary=x\t",
  "Multipart/Form-Data; charset=utf-8;\tBoundary=x",
])("a form is read whose type is %j", async (header) => {
  const form = formOf([["name", "demo"]], "x");
  expect((await read("x", form, 1_000, header)).fields).toEqual({ name: "demo" });
});

test.each([
  undefined,
  "",
  "application/json",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "multipart/form-data; boundary=",
  'multipart/form-data; boundary=""',
  `multipart/form-data; boundary=${"x".repeat(71)}`,
  "multipart/mixed; boundary=x",
])("a body of the type %s is no form", async (type) => {
  async function* none() {}
  await expect(readFormPieces(type, none(), WANTED).next()).rejects.toMatchObject({
    kind: "bad-request",
    message: expect.stringContaining("multipart/form-data"),
  });
});
