import type { Context as HonoContext } from "hono";
import { acceptsGzip, MEDIA_TYPES, type Representation } from "./negotiate.ts";
import { HTML_VERSION } from "../pypi/simple-html.ts";
import { inflate, type Gzipped } from "../repository/gzip.ts";
import { isNotModified } from "./conditional.ts";
import { bodyIn, type AppEnv } from "./context.ts";
import { answerOf, httpDate, LIFETIMES } from "./headers.ts";
import type { Context } from "../repository/context.ts";
import type { NowOrLater } from "../repository/now-or-later.ts";

/** What pages, the root listing and documents have in common: what is known before their content is read. */
interface Stored {
  readonly head: { readonly digest: string; readonly changedAt: number };
  cancel(): NowOrLater<void>;
}

/** A page or the root listing, stored as gzipped JSON. */
interface StoredPage extends Stored {
  gzip(): Gzipped | Promise<Gzipped>;
  json(): Promise<Gzipped>;
  html(ctx: Context): Promise<Gzipped>;
}

/** A representation of stored content. */
interface Form {
  /** Distinguishes the representation in the ETag. */
  readonly tag: string;
  readonly type: string;
  /** The request headers that select the representation. */
  readonly vary: string;
  /** @param gzip whether the bytes should be gzipped */
  body(gzip: boolean): Promise<Uint8Array | ReadableStream<Uint8Array>>;
}

/** Answers with a stored page as JSON or HTML. A client that accepts gzip gets the stored bytes unread. */
export function sendPage(
  c: HonoContext<AppEnv>,
  representation: Representation,
  extra: Record<string, string>,
  stored: StoredPage,
): Promise<Response> {
  const json = representation === "json";
  const form: Form = {
    tag: `${HTML_VERSION}.${representation}`,
    type: `${MEDIA_TYPES[representation]}${json ? "" : "; charset=utf-8"}`,
    vary: "Accept, Accept-Encoding",
    async body(gzip) {
      if (json) return gzip ? stored.gzip() : stored.json();
      const html = await stored.html(c.get("ctx"));
      return gzip ? html : inflate(html);
    },
  };
  return sendStored(c, form, { ...LIFETIMES.page, ...extra }, stored);
}

/**
 * Answers with stored content: 304 where the client's copy is current, else the bytes in `form`. Each form and coding has
 * its own strong ETag.
 *
 * @param extra further headers, including the lifetime
 */
export async function sendStored(
  c: HonoContext<AppEnv>,
  form: Form,
  extra: Record<string, string>,
  stored: Stored,
): Promise<Response> {
  const gzip = acceptsGzip(c.get("facts").acceptEncoding(c.req.raw));
  const { digest, changedAt } = stored.head;
  // A listing that could not be stored has no digest, so it has no ETag.
  const etag = digest === "" ? undefined : `"${digest}.${form.tag}${gzip ? ".gz" : ""}"`;
  const headers: Record<string, string> = {
    ...extra,
    ...(etag !== undefined && { ETag: etag }),
    "Last-Modified": httpDate(changedAt),
    Vary: form.vary,
  };
  if (isNotModified(c, etag, changedAt)) {
    await stored.cancel();
    return answerOf(null, headers, { status: 304 });
  }
  headers["Content-Type"] = form.type;
  if (gzip) headers["Content-Encoding"] = "gzip";
  if (c.req.method === "HEAD") {
    await stored.cancel();
    return answerOf(null, headers);
  }
  return answerOf(bodyIn(c, await form.body(gzip)), headers, gzip ? { encodeBody: "manual" } : undefined);
}
