import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { UploadOutcome, UploadState } from "../../schema/upload.ts";
import { PART_SIZE } from "../../worker/publishing/uploads-in-parts.ts";
import { ADMIN_TOKEN, type Rig } from "../support/rig.ts";
import { give } from "../support/tokens.ts";
import { leftovers } from "../support/in-parts.ts";
import { audited, isWhole, revisionOf, rows, teamRig, upload, wheelOf, type Upload } from "../support/upload.ts";
import { sha256 } from "../support/upstream.ts";

/** One request to the API of uploads, all deferred work done. */
async function call(rig: Rig, method: string, path = "", body?: Uint8Array | string, token = ADMIN_TOKEN) {
  const { response, settled } = await rig.open(`/-/api/uploads${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Length": String(body?.length ?? 0) },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  await settled();
  return { status: response.status, text };
}

const announced = async ({ filename, bytes }: Upload, index = "team") =>
  JSON.stringify({ index, filename, size: bytes.byteLength, sha256: await sha256(bytes) });

/** Sends a file that has one part, and returns the upload's id. */
async function sent(rig: Rig, file: Upload, token = ADMIN_TOKEN, index = "team"): Promise<string> {
  const { id } = JSON.parse((await call(rig, "POST", "", await announced(file, index), token)).text) as UploadState;
  await call(rig, "PUT", `/${id}/1`, file.bytes, token);
  return id;
}

/** Uploads a file that has one part, and ends with this body. */
const inParts = async (rig: Rig, file: Upload, end?: string, index = "team") =>
  call(rig, "POST", `/${await sent(rig, file, ADMIN_TOKEN, index)}/finish`, end);

const OLD = "2019-03-01T13:00:00+01:00";
const dated = (uploadedAt: string) => JSON.stringify({ uploadedAt });
const times = async () => (await rows()).map((row) => new Date(row.uploaded_at).toISOString());

describe("a file that came in parts", () => {
  test("is published like any other, and a later upload in one piece finds it published", async () => {
    const rig = teamRig();
    const file = await wheelOf();
    const { status, text } = await inParts(rig, file);
    expect([status, (JSON.parse(text) as UploadOutcome).identical]).toEqual([200, false]);
    const [row, ...others] = await rows();
    expect([row && (await isWhole(row)), others, await leftovers()]).toEqual([true, [], []]);
    expect([await revisionOf("demo"), await audited()]).toEqual([
      1,
      [expect.objectContaining({ action: "upload", index_name: "team", subject: file.filename, actor: "admin" })],
    ]);
    expect((await upload(rig, file)).text).toMatch(/is in team already/);
    expect((await call(rig, "POST", "", await announced(file))).text).toContain('"identical":true');
  });

  test("that is no valid wheel is refused with the sentence of publishing, and nothing is left", async () => {
    const rig = teamRig();
    const file = { ...(await wheelOf()), bytes: new Uint8Array(500) };
    const { status, text } = await inParts(rig, file);
    expect([status, text]).toEqual([400, expect.stringContaining(file.filename)]);
    expect([await rows(), await leftovers()]).toEqual([[], []]);
  });

  test("has parts of 32 MiB, and is for an index that hosts", async () => {
    const rig = teamRig();
    const file = await wheelOf();
    const { partSize } = JSON.parse((await call(rig, "POST", "", await announced(file))).text) as UploadState;
    expect([partSize, PART_SIZE]).toEqual([33_554_432, 33_554_432]);
    expect((await call(rig, "POST", "", await announced(file, "default"))).status).toBe(404);
    expect((await call(rig, "PATCH", "/x")).status).toBe(405);
  });

  test("keeps the upload time that an admin says, and the audit log shows both times", async () => {
    const rig = teamRig();
    expect((await inParts(rig, await wheelOf(), dated(OLD))).status).toBe(200);
    expect(await times()).toEqual(["2019-03-01T12:00:00.000Z"]);
    const entry = await env.DB.prepare("SELECT at, details FROM audit").first<{ at: number; details: string }>();
    expect([entry?.at, JSON.parse(entry?.details ?? "")]).toEqual([
      rig.now,
      expect.objectContaining({ uploadedAt: "2019-03-01T12:00:00.000Z" }),
    ]);
  });

  test("has no time but its own from a token without the scope admin, and can still be finished", async () => {
    const rig = teamRig();
    const { text: token } = await give(rig, { index: "team", scopes: ["upload"] });
    const id = await sent(rig, await wheelOf(), token);
    const refused = await call(rig, "POST", `/${id}/finish`, dated(OLD), token);
    expect([refused.status, refused.text, await rows()]).toEqual([403, expect.stringContaining("administer"), []]);
    expect((await call(rig, "POST", `/${id}/finish`, undefined, token)).status).toBe(200);
    expect(await times()).toEqual([new Date(rig.now).toISOString()]);
  });

  test("that replaces another, or is of the future, has the present time", async () => {
    const rig = teamRig();
    await inParts(rig, await wheelOf("demo", "1.0", "first"), dated("2999-01-01T00:00:00Z"), "scratch");
    expect(await times()).toEqual([new Date(rig.now).toISOString()]);
    rig.now += 1_000;
    await inParts(rig, await wheelOf("demo", "1.0", "other"), dated(OLD), "scratch");
    expect(await times()).toEqual([new Date(rig.now).toISOString()]);
  });

  test.each([
    '{"uploadedAt":"yesterday"}',
    '{"uploadedAt":5}',
    '{"uploadedAt":"1969-12-31T23:59:59Z"}',
    '{"at":1}',
    "[]",
    "no",
  ])("with %s at its end is 422, and can still be finished", async (end) => {
    const rig = teamRig();
    const id = await sent(rig, await wheelOf());
    expect((await call(rig, "POST", `/${id}/finish`, end)).status).toBe(422);
    expect((await call(rig, "POST", `/${id}/finish`)).status).toBe(200);
  });
});
