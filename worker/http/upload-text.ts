import type { UploadResult } from "../publishing/uploads-in-parts.ts";

/** What became of an upload: a sentence. */
export function uploadText({ kind, filename, index }: Pick<UploadResult, "kind" | "filename" | "index">): string {
  if (kind === "published") return `Published ${filename} in ${index}.`;
  const isThere = `${filename} is in ${index} already, with these very bytes`;
  return kind === "attested" ? `${isThere}; now it has its attestations.` : `${isThere}; nothing has changed.`;
}
