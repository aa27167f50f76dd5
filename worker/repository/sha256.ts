import { createHash } from "node:crypto";

/** SHA-256 of bytes in memory, also in several parts, or of a text's UTF-8, in lower-case hex. */
export function sha256(content: Uint8Array | string | readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  if (typeof content === "string" || content instanceof Uint8Array) hash.update(content);
  else for (const part of content) hash.update(part);
  return hash.digest("hex");
}
