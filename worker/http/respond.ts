import type { Context as HonoContext } from "hono";
import { acceptsGzip, MEDIA_TYPES, type Representation } from "./negotiate.ts";
import { RENDERING } from "../pypi/simple-html.ts";
import { inflate, type Gzipped } from "../repository/page.ts";
import type { Context } from "../repository/repository.ts";
import { isKnown } from "./conditions.ts";
import type { AppEnv } from "./context.ts";
import { httpDate, LIFETIMES } from "./headers.ts";

/** What a page and the root listing have in common: stored gzipped JSON and what is known of it unread. */
interface Stored {
  readonly head: { readonly digest: string; readonly changedAt: number };
  gzip(): Gzipped;
  json(): Promise<Uint8Array | ReadableStream<Uint8Array>>;
  html(ctx: Context): Promise<Gzipped>;
  cancel(): Promise<void>;
}

/**
 * Answers with one representation of a stored page: 304 where the client has it, else its bytes. For a client that takes
 * gzip it is what lies in the store, passed on unread. Each media type and coding has a strong ETag of its own.
 */
export async function respond(
  c: HonoContext<AppEnv>,
  representation: Representation,
  extra: Record<string, string>,
  stored: Stored,
): Promise<Response> {
  const gzipped = acceptsGzip(c.req.raw);
  const { digest, changedAt } = stored.head;
  const etag = `"${digest}.${RENDERING}.${representation}${gzipped ? ".gz" : ""}"`;
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
  const html = representation === "json" ? undefined : await stored.html(c.var.ctx);
  if (gzipped) return new Response((html ?? stored.gzip()) as BodyInit, { headers, encodeBody: "manual" });
  return new Response((html ? inflate(html) : await stored.json()) as BodyInit, { headers });
}
