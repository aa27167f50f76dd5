import { describe, expect, test } from "vitest";
import type { UploadOutcome, UploadState } from "../../schema/upload.ts";
import { PART_SIZE } from "../../worker/publishing/uploads-in-parts.ts";
import { ADMIN_TOKEN, type Rig } from "../support/rig.ts";
import { leftovers } from "../support/in-parts.ts";
import { audited, isWhole, revisionOf, rows, teamRig, upload, wheelOf, type Upload } from "../support/upload.ts";
import { sha256 } from "../support/upstream.ts";

/** One request to the API of uploads, all deferred work done. */
async function call(rig: Rig, method: string, path = "", body?: Uint8Array | string) {
  const { response, settled } = await rig.open(`/-/api/uploads${path}`, {
    method,
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Length": String(body?.length ?? 0) },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  await settled();
  return { status: response.status, text };
}

const announced = async ({ filename, bytes }: Upload, index = "team") =>
  JSON.stringify({ index, filename, size: bytes.byteLength, sha256: await sha256(bytes) });

/** Uploads a file that has one part. */
async function inParts(rig: Rig, file: Upload) {
  const { id } = JSON.parse((await call(rig, "POST", "", await announced(file))).text) as UploadState;
  await call(rig, "PUT", `/${id}/1`, file.bytes);
  return call(rig, "POST", `/${id}/finish`);
}

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
});
