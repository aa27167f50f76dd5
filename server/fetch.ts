import type { Readable } from "node:stream";
import { type BrotliDecompress, createBrotliDecompress, createGunzip, type Gunzip } from "node:zlib";
import { type Dispatcher, EnvHttpProxyAgent, request as send } from "undici";
import { SECOND } from "../worker/duration.ts";
import type { Fetch } from "../worker/platform/platform.ts";
import { byteStreamOf } from "./byte-stream.ts";
import { NULL_BODY_STATUSES } from "./null-body.ts";

/** Connections to one origin at the same time. Further requests wait. */
const CONNECTIONS = 128;

/** The worker gives up sooner; these limits end what it has forgotten. Milliseconds. */
const HEADERS_TIMEOUT = 30 * SECOND;
const BODY_TIMEOUT = 60 * SECOND;

/** workerd takes some 32 KiB; Node's own limit of 16 KiB is near to what indexes with long policies send. Bytes. */
const MAX_HEADERS = 64 * 1024;

/** What is read ahead of a body. Bytes. */
const READ_AHEAD = 256 * 1024;

/** A body that is not wanted is read up to so many bytes: the connection can then be used again. */
const DISCARDED = 64 * 1024;

const DECODERS: Readonly<Record<string, () => Gunzip | BrotliDecompress>> = {
  gzip: () => createGunzip({ chunkSize: READ_AHEAD }),
  "x-gzip": () => createGunzip({ chunkSize: READ_AHEAD }),
  br: () => createBrotliDecompress({ chunkSize: READ_AHEAD }),
};

/** Codes of connections that were refused or broke off. */
const LOST = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET", "HPE_INVALID_EOF_STATE"]);
const UNKNOWN_NAME = new Set(["ENOTFOUND", "EAI_AGAIN"]);

export interface Fetcher {
  /**
   * Sends a request with exactly its headers, and follows no redirect: `redirect` must be `manual`.
   *
   * The body is decoded by a `Content-Encoding` of gzip or br, but is as it was sent with `encodeResponseBody: "manual"`.
   * The headers are those that were sent, in both cases: `Content-Length` is not the decoded body's.
   *
   * Rejects where no connection can be made, or the answer cannot be read. The body fails where it is cut off or cannot be
   * decoded.
   */
  readonly fetch: Fetch;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/**
 * `fetch` over HTTP/1.1, through the proxies that `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` name. Node's own `fetch` always
 * decodes, adds headers of its own, and takes half as long again for large bodies.
 */
export function openFetch({ connections = CONNECTIONS }: { readonly connections?: number } = {}): Fetcher {
  const dispatcher = new EnvHttpProxyAgent({
    connections,
    headersTimeout: HEADERS_TIMEOUT,
    bodyTimeout: BODY_TIMEOUT,
    maxHeaderSize: MAX_HEADERS,
    // Proxies often refuse CONNECT to ports that are not those of https.
    proxyTunnel: false,
  });
  return {
    async fetch(request, init) {
      if (request.redirect !== "manual") throw new TypeError("A request must say that its redirects are not followed.");
      const { method, url, headers, signal } = request;
      const options = { dispatcher, method, headers: [...headers].flat(), signal };
      const body = request.body && new Uint8Array(await request.arrayBuffer());
      try {
        const answer = await send(url, { ...options, body, highWaterMark: READ_AHEAD });
        return responseTo(method, answer, init?.encodeResponseBody === "manual");
      } catch (error) {
        throw plain(error);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

function responseTo(method: string, answer: Dispatcher.ResponseData, undecoded: boolean): Response {
  const { statusCode: status, statusText, body } = answer;
  const discard = () => void body.dump({ limit: DISCARDED }).catch(() => undefined);
  try {
    const headers = new Headers();
    for (const [name, value] of Object.entries(answer.headers))
      for (const each of [value ?? []].flat()) headers.append(name, each);
    if (method === "HEAD" || NULL_BODY_STATUSES.has(status)) {
      discard();
      return new Response(null, { status, statusText, headers });
    }
    const decoder = undecoded ? undefined : DECODERS[headers.get("Content-Encoding")?.trim().toLowerCase() ?? ""]?.();
    const cancelled = () => {
      body.unpipe();
      decoder?.destroy();
      discard();
    };
    const stream = byteStreamOf(decoder ? decoded(body, decoder) : body, cancelled, plain);
    return new Response(stream, { status, statusText, headers });
  } catch (error) {
    body.destroy();
    throw error;
  }
}

function decoded(body: Readable, decoder: Gunzip | BrotliDecompress): Readable {
  body.on("error", (error) => decoder.destroy(error));
  decoder.on("error", (error) => body.destroy(error));
  return body.pipe(decoder);
}

/** The error in plain words, where Node's message has only a code. */
function plain(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // The worker knows this text from workerd.
  if (LOST.has(code)) return new Error("Network connection lost.", { cause: error });
  if (UNKNOWN_NAME.has(code)) return new Error("its name cannot be resolved", { cause: error });
  if (code.startsWith("HPE_")) return new Error("its answer is not HTTP", { cause: error });
  return error;
}
