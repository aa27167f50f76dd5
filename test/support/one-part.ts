import type { UploadState } from "../../schema/upload.ts";
import { sha256 } from "../../worker/repository/sha256.ts";
import { ADMIN_TOKEN, type Rig } from "./rig.ts";
import type { Upload } from "./upload.ts";

const JSON_BODY = { "Content-Type": "application/json" };

/** Uploads a file to `team` as an upload in parts, of which it has one, and says this at its end; the last answer. */
export async function uploadInOnePart(rig: Rig, { filename, bytes }: Upload, end: unknown) {
  const file = { index: "team", filename, size: bytes.byteLength, sha256: sha256(bytes) };
  const { id } = JSON.parse((await rig.post("uploads", JSON.stringify(file), JSON_BODY)).text()) as UploadState;
  const headers = { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Length": `${bytes.byteLength}` };
  const { response, settled } = await rig.open(`/-/api/uploads/${id}/1`, { method: "PUT", body: bytes, headers });
  await response.text();
  await settled();
  const { status, text } = await rig.post(`uploads/${id}/finish`, JSON.stringify(end), JSON_BODY);
  return { status, text: text() };
}
