import type { Context as HonoContext } from "hono";
import { acceptsGzip, MEDIA_TYPES, type Representation } from "./negotiate.ts";
import { RENDERING } from "../pypi/simple-html.ts";
import { inflate, type Gzipped } from "../repository/gzip.ts";
import { isKnown } from "./conditions.ts";
import type { AppEnv } from "./context.ts";
import { httpDate, LIFETIMES } from "./headers.ts";
import type { Context } from "../repository/context.ts";

/** What a page, the root listing and a document have in common: what is known of them unread. */
interface Stored {
  readonly head: { readonly digest: string; readonly changedAt: number };
  cancel(): Promise<void>;
}

/** Of a page and the root listing: stored gzipped JSON. */
interface StoredPage extends Stored {
  gzip(): Gzipped;
  json(): Promise<Gzipped>;
  html(ctx: Context): Promise<Gzipped>;
}

/** A form that something stored is sent in. */
interface Form {
  /** What tells it from the other forms of the same content, for its ETag. */
  readonly tag: string;
  readonly type: string;
  /** The headers of a request that choose the form. */
  readonly vary: string;
  /** Its bytes, gzipped or not. */
  body(gzip: boolean): Promise<Uint8Array | ReadableStream<Uint8Array>>;
}

/**
 * Answers with one representation of a stored page. For a client that takes gzip it is what lies in the store, passed on
 * unread.
 */
export function respond(
  c: HonoContext<AppEnv>,
  representation: Representation,
  extra: Record<string, string>,
  stored: StoredPage,
): Promise<Response> {
  const json = representation === "json";
  const form: Form = {
    tag: `${RENDERING}.${representation}`,
    type: `${MEDIA_TYPES[representation]}${json ? "" : "; charset=utf-8"}`,
    vary: "Accept, Accept-Encoding",
    async body(gzip) {
      if (json) return gzip ? stored.gzip() : stored.json();
      const html = await stored.html(c.var.ctx);
      return gzip ? html : inflate(html);
    },
  };
  return send(c, form, { ...LIFETIMES.page, ...extra }, stored);
}

/**
 * Answers with something stored: 304 where the client has it, else its bytes in `form`. Each form and coding has a strong
 * ETag of its own.
 *
 * @param extra headers, the lifetime among them
 */
export async function send(
  c: HonoContext<AppEnv>,
  form: Form,
  extra: Record<string, string>,
  stored: Stored,
): Promise<Response> {
  const gzip = acceptsGzip(c.req.raw);
  const { digest, changedAt } = stored.head;
  // A listing that could not be stored has no digest, and no ETag could tell it from another.
  const etag = digest === "" ? undefined : `"${digest}.${form.tag}${gzip ? ".gz" : ""}"`;
  const headers: Record<string, string> = {
    ...extra,
    ...(etag !== undefined && { ETag: etag }),
    "Last-Modified": httpDate(changedAt),
    Vary: form.vary,
  };
  if (isKnown(c, etag, changedAt)) {
    await stored.cancel();
    return new Response(null, { status: 304, headers });
  }
  headers["Content-Type"] = form.type;
  if (gzip) headers["Content-Encoding"] = "gzip";
  if (c.req.method === "HEAD") {
    await stored.cancel();
    return new Response(null, { headers });
  }
  const body = (await form.body(gzip)) as BodyInit;
  return new Response(body, gzip ? { headers, encodeBody: "manual" } : { headers });
}
