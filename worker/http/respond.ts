import type { Context } from "hono";
import { acceptsGzip, etagMatches, MEDIA_TYPES, type Representation } from "./negotiate.ts";
import { readable } from "../repository/readable.ts";
import { httpDate, LIFETIMES } from "./headers.ts";

/** Raised when a rendering changes while the content does not: clients must not keep the old one. */
const RENDERER = "1";

/** What a page and the root listing have in common: stored gzipped JSON and what is known of it unread. */
interface Stored {
  readonly head: { readonly digest: string; readonly changedAt: number };
  gzip(): Uint8Array | ReadableStream<Uint8Array>;
  json(): Promise<Uint8Array | ReadableStream<Uint8Array>>;
  cancel(): Promise<void>;
}

/**
 * Answers with one representation of a stored page: 304 where the client has it, else its bytes. JSON for a client that
 * takes gzip is what lies in the store, passed on unread. Each media type and coding has a strong ETag of its own.
 */
export async function respond(
  c: Context,
  representation: Representation,
  extra: Record<string, string>,
  stored: Stored,
  html: () => AsyncIterable<string>,
): Promise<Response> {
  const gzipped = acceptsGzip(c.req.raw);
  const { digest, changedAt } = stored.head;
  const etag = `"${digest}.${RENDERER}.${representation}${gzipped ? ".gz" : ""}"`;
  const headers: Record<string, string> = {
    ...LIFETIMES.page,
    ...extra,
    ETag: etag,
    "Last-Modified": httpDate(changedAt),
    Vary: "Accept, Accept-Encoding",
  };
  if (isKnown(c, etag, changedAt)) {
    await stored.cancel();
    return new Response(null, { status: 304, headers });
  }
  headers["Content-Type"] = `${MEDIA_TYPES[representation]}${representation === "json" ? "" : "; charset=utf-8"}`;
  if (gzipped) headers["Content-Encoding"] = "gzip";
  if (c.req.method === "HEAD") {
    await stored.cancel();
    return new Response(null, { headers });
  }
  const body = representation === "json" ? undefined : readable(html());
  if (gzipped) {
    const bytes = body?.pipeThrough(new CompressionStream("gzip")) ?? stored.gzip();
    return new Response(bytes as BodyInit, { headers, encodeBody: "manual" });
  }
  return new Response((body ?? (await stored.json())) as BodyInit, { headers });
}

function isKnown(c: Context, etag: string, changedAt: number): boolean {
  const ifNoneMatch = c.req.header("If-None-Match");
  if (ifNoneMatch !== undefined) return etagMatches(ifNoneMatch, etag);
  // HTTP dates have seconds.
  return Date.parse(c.req.header("If-Modified-Since") ?? "") >= Math.floor(changedAt / 1_000) * 1_000;
}
