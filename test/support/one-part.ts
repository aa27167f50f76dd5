import type { UploadState } from "../../schema/upload.ts";
import { sha256 } from "../../worker/repository/sha256.ts";
import { ADMIN_TOKEN, type Rig } from "./rig.ts";
import type { Upload } from "./upload.ts";

const JSON_BODY = { "Content-Type": "application/json" };

/**
 * Uploads a file to `team` as an upload in parts, of which it has one, and says `end` at its end.
 *
 * @param more of its announcement
 * @returns the last answer
 */
export async function uploadInOnePart(rig: Rig, { filename, bytes }: Upload, end: unknown, more: object = {}) {
  const file = { index: "team", filename, size: bytes.byteLength, sha256: sha256(bytes), ...more };
  const begun = await rig.post("uploads", JSON.stringify(file), JSON_BODY);
  if (begun.status >= 400) return { status: begun.status, text: begun.text() };
  const { id } = JSON.parse(begun.text()) as Partial<UploadState>;
  if (id === undefined) return { status: begun.status, text: begun.text() };
  const headers = { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Length": `${bytes.byteLength}` };
  const { response, settled } = await rig.open(`/-/api/uploads/${id}/1`, { method: "PUT", body: bytes, headers });
  await response.text();
  await settled();
  const { status, text } = await rig.post(`uploads/${id}/finish`, JSON.stringify(end), JSON_BODY);
  return { status, text: text() };
}
