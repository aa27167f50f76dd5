import type { Validators } from "../pypi/page.ts";
import type { UpstreamAnswer } from "./client.ts";

/** What the answer is to be asked for again with. */
export function validatorsOf({ response }: UpstreamAnswer): Validators {
  return {
    etag: response.headers.get("ETag") ?? undefined,
    lastModified: response.headers.get("Last-Modified") ?? undefined,
  };
}

/** The header that asks for what differs from `known`. */
export function conditions({ etag, lastModified }: Validators): Record<string, string> {
  return { ...(etag && { "If-None-Match": etag }), ...(lastModified && { "If-Modified-Since": lastModified }) };
}
