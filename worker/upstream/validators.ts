import type { Validators } from "../pypi/page.ts";
import type { UpstreamAnswer } from "./client.ts";

/** An answer's validators, with which it can be revalidated. */
export function validatorsOf({ response }: UpstreamAnswer): Validators {
  return {
    etag: response.headers.get("ETag") ?? undefined,
    lastModified: response.headers.get("Last-Modified") ?? undefined,
  };
}

/** The request headers that revalidate a copy with these validators. */
export function conditionalHeaders({ etag, lastModified }: Validators): Record<string, string> {
  return { ...(etag && { "If-None-Match": etag }), ...(lastModified && { "If-Modified-Since": lastModified }) };
}
