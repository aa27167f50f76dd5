import { expect, test } from "vitest";
import { uploadBodyOf } from "../../worker/http/upload/body.ts";
import {
  formOf,
  partsOf,
  rows,
  send,
  stored,
  teamRig,
  upload,
  wheelOf,
  type Part,
  type Upload,
} from "../support/upload.ts";

/** What is made of a sound upload, and what is said of it: nothing of it may be left. */
async function refused(make: (file: Upload, parts: Part[]) => readonly Part[] | BodyInit, status = 400) {
  const rig = teamRig();
  const file = await wheelOf();
  const made = make(file, partsOf(file));
  const body = Array.isArray(made) ? formOf(made as Part[]) : (made as BodyInit);
  const answer = await send(rig, { body });
  expect([answer.status, await rows(), await stored()]).toEqual([status, [], []]);
  expect(answer.text).toMatch(/^[^\n]+[.)]\n$/);
  return answer.text;
}

const without = (parts: Part[], ...names: string[]) => parts.filter(([name]) => !names.includes(name));
const withField = (parts: Part[], name: string, value: string): Part[] => [...without(parts, name), [name, value]];

test.each([":action", "protocol_version", "filetype", "metadata_version", "name", "version"])(
  "an upload without %s is refused, and the answer names it",
  async (name) => {
    expect(await refused((_, parts) => without(parts, name))).toContain(`lacks ${name}`);
  },
);

test("an upload without a Python version is taken: flit sends none", async () => {
  const rig = teamRig();
  const file = await wheelOf();
  expect((await send(rig, { body: formOf(without(partsOf(file), "pyversion")) })).status).toBe(200);
});

test("an upload without a file, or with something else in its place, is refused", async () => {
  expect(await refused((_, parts) => without(parts, "content"))).toContain('"content" is missing');
  expect(await refused((_, parts) => withField(parts, "content", "text"))).toContain("is not a filename");
});

test("a form that has a field twice is refused", async () => {
  expect(await refused((_, parts) => [["name", "other"], ...parts])).toContain("name twice");
  expect(await refused(({ filename, bytes }, parts) => [["content", { filename, bytes }], ...parts])).toContain(
    "two files",
  );
});

test.each(["submit", "verify", "doc_upload", "remove_pkg", ""])("the action %j is refused", async (action) => {
  expect(await refused((_, parts) => withField(parts, ":action", action))).toMatch(/file_upload|lacks :action/);
});

test.each([
  ["protocol_version", "2", "speaks 1"],
  ["filetype", "bdist_egg", "bdist_wheel and sdist are"],
  ["filetype", "sdist", "but its name says otherwise"],
  ["name", "other", "is a file of demo"],
  ["name", "de\u0000mo", "is a file of demo"],
  ["version", "1.1", "is a file of 1.0"],
  ["version", "one", "is a file of 1.0"],
  ["sha256_digest", "0".repeat(64), "was announced"],
  ["sha256_digest", "no digest\u001b[2J", "was announced"],
  ["md5_digest", "0".repeat(32), "was announced"],
])("an upload whose %s is %j is refused", async (name, value, sentence) => {
  expect(await refused((_, parts) => withField(parts, name, value))).toContain(sentence);
});

test("names and versions are compared with the file's in normalized form", async () => {
  const rig = teamRig();
  const fields = { name: "De_mo.X", version: "v1.0.0" };
  expect((await upload(rig, await wheelOf("de-mo-x"), { fields })).status).toBe(200);
});

test("digests may be in upper case, and MD5 will do; BLAKE2 alone cannot be checked here", async () => {
  const rig = teamRig();
  const file = await wheelOf();
  const md5 = new Uint8Array(await crypto.subtle.digest("MD5", file.bytes)).toHex();
  const digest = file.fields["sha256_digest"] ?? "";
  const only = (name: string, value: string) => formOf(withField(without(partsOf(file), "sha256_digest"), name, value));
  expect((await send(rig, { body: only("sha256_digest", digest.toUpperCase()) })).text).toContain("Published");
  expect((await send(rig, { body: only("md5_digest", md5) })).status).toBe(200);
  const blake = await send(rig, { body: only("blake2_256_digest", "0".repeat(64)) });
  expect([blake.status, blake.text]).toEqual([400, expect.stringContaining("send sha256_digest")]);
});

test("an upload without a digest is refused", async () => {
  expect(await refused((_, parts) => without(parts, "sha256_digest"))).toContain("send sha256_digest");
});

test("a field that is longer than any value of it is refused", async () => {
  expect(await refused((_, parts) => withField(parts, "name", "n".repeat(5_000)))).toContain("more than 4096 bytes");
});

test.each([
  "../demo-1.0-py3-none-any.whl",
  "/etc/demo-1.0-py3-none-any.whl",
  "C:\\dist\\demo-1.0-py3-none-any.whl",
  "..",
  "",
  `${"d".repeat(300)}-1.0-py3-none-any.whl`,
])("the filename %j is refused", async (filename) => {
  expect(await refused(({ bytes, fields }) => partsOf({ filename, bytes, fields }))).toContain("is not a filename");
});

test.each([
  "demo-1.0\u0000-py3-none-any.whl",
  'demo.whl"\r\nX-Evil: 1\r\n\r\nname=x',
  "demo.whl\"; filename*=utf-8''%E0%A4%A",
  "\u001b[2Jdemo-1.0-py3-none-any.whl",
])("a file whose part has the name %j is refused", async (filename) => {
  expect(await refused(({ bytes, fields }) => partsOf({ filename, bytes, fields }))).not.toContain("\u001b");
});

test("fields that are not needed are ignored: descriptions of some MB, thousands of classifiers, signatures", async () => {
  const rig = teamRig();
  const file = await wheelOf();
  const extra: Part[] = [
    ["description", "d".repeat(5_000_000)],
    ...Array.from({ length: 5_000 }, (_, at): Part => ["classifiers", `Topic :: ${at}`]),
    ["gpg_signature", { filename: `${file.filename}.asc`, bytes: new Uint8Array(1_000) }],
  ];
  expect((await send(rig, { body: formOf([...extra, ...partsOf(file)]) })).status).toBe(200);
  expect((await rows())[0]?.size).toBe(file.bytes.byteLength);
});

test("more than any client sends is refused", async () => {
  const many = Array.from({ length: 20_001 }, (): Part => ["classifiers", "x"]);
  expect(await refused((_, parts) => [...many, ...parts])).toContain("more than 20000 parts");
  const large: Part = ["description", "d".repeat(33 * 1024 ** 2)];
  expect(await refused((_, parts) => [large, ...parts])).toContain("more than 32 MiB beside the file");
});

test("a form that breaks off is refused, and so is one that never begins", async () => {
  expect(await refused((_, parts) => formOf(parts).slice(0, -20))).toContain("breaks off before its end");
  expect(await refused(() => "")).toContain("breaks off before its end");
  expect(await refused(() => "no form at all")).toContain("breaks off before its end");
});

test("a body of another type is refused, and the answer names the right type", async () => {
  const rig = teamRig();
  const headers = { "Content-Type": "application/json" };
  const answer = await send(rig, { headers, body: "{}" });
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("multipart/form-data")]);
});

test("a body with a Content-Length above 100 MB is refused with the command to use", async () => {
  const rig = teamRig();
  const answer = await send(rig, { headers: { "Content-Length": "100000001" }, body: "x" });
  expect([answer.status, answer.text]).toEqual([413, expect.stringContaining("pypi-edge upload FILE --index team")]);
});

test("a body without a Content-Length is counted, and its rest is read and dropped", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const sent = (async () => {
    const writer = writable.getWriter();
    await writer.write(new Uint8Array(3_000_000));
    await writer.close();
    return "all";
  })();
  const body = uploadBodyOf(
    new Request("https://edge.test/", { method: "POST", body: readable }),
    1_000_000,
    () => new Error("too large"),
  );
  let received = 0;
  const reading = (async () => {
    for await (const { byteLength } of body) received += byteLength;
  })();
  await expect(reading).rejects.toThrow("too large");
  expect(received).toBeLessThanOrEqual(1_000_000);
  await body.drain();
  expect(await sent).toBe("all");
});

test("a body that is dropped takes 16 KiB of memory at a time: thousands can be under way without a token", async () => {
  const asked: number[] = [];
  const readable = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const view = controller.byobRequest?.view as Uint8Array | undefined;
      asked.push(view?.byteLength ?? 0);
      if (asked.length > 2) controller.close();
      controller.byobRequest?.respond(asked.length > 2 ? 0 : 10);
    },
  });
  const body = uploadBodyOf({ body: readable } as Request, 1_000_000, () => new Error("too large"));
  await body.drain();
  expect(Math.max(...asked)).toBe(16 * 1024);
});

test("a refusal has its reason in the reason phrase too, in one line of ASCII: twine shows nothing else", async () => {
  const rig = teamRig();
  const file = await wheelOf();
  const answer = await upload(rig, file, { fields: { name: "dé\u0007mo" } });
  expect(answer.status).toBe(400);
  expect(answer.reason).toMatch(/^The upload says that the project is [ -~]+ is a file of demo\.$/);
  expect(answer.text).toContain("dé");
});

test("uv, which reads JSON, gets the sentence as problem details", async () => {
  const rig = teamRig();
  await upload(rig, await wheelOf());
  const headers = { Accept: "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7" };
  const answer = await upload(rig, await wheelOf("demo", "1.0", "changed = True"), { headers });
  expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
  expect(JSON.parse(answer.text)).toMatchObject({
    status: 409,
    detail: expect.stringMatching(/^File already exists: demo/),
  });
});
