import type { Readable } from "node:stream";
import { type BrotliDecompress, createBrotliDecompress, createGunzip, type Gunzip } from "node:zlib";
import { Agent, type Dispatcher } from "undici";
import { SECOND } from "../worker/duration.ts";
import type { Fetch, FetchInit } from "../worker/platform/platform.ts";
import { byteStreamOf } from "./byte-stream.ts";
import { NULL_BODY_STATUSES } from "./null-body.ts";
import type { Proxy, ProxyFor } from "./proxies/proxies.ts";
import { ProxyFailed, proxyLost, proxyRefused } from "./proxies/proxy-failed.ts";
import { connectThrough } from "./proxies/tunnel.ts";
import { tlsErrorText } from "./tls-errors.ts";

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

/** What undici says of answers that cannot be read, by its errors' names, in plain words. */
const UNREADABLE: Readonly<Record<string, string>> = {
  HTTPParserError: "its answer is not HTTP",
  HeadersOverflowError: `the headers of its answer are larger than ${MAX_HEADERS / 1024} KiB`,
  ResponseContentLengthMismatchError: "its answer has another length than its Content-Length says",
};

/** Codes of connections that were refused or broke off. */
const LOST = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET", "HPE_INVALID_EOF_STATE"]);
const UNKNOWN_NAME = new Set(["ENOTFOUND", "EAI_AGAIN"]);

export interface Fetcher {
  /**
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

interface FetchOptions {
  readonly connections?: number;
  /** Where it is left out, every host is asked directly. */
  readonly proxyFor?: ProxyFor;
}

/**
 * `fetch` over HTTP/1.1, through proxies. Node's own `fetch` always decodes, adds headers of its own, and takes half as long
 * again for large bodies.
 */
export function openFetch({ connections = CONNECTIONS, proxyFor = () => undefined }: FetchOptions = {}): Fetcher {
  const settings = {
    connections,
    headersTimeout: HEADERS_TIMEOUT,
    bodyTimeout: BODY_TIMEOUT,
    maxHeaderSize: MAX_HEADERS,
  };
  const direct = new Agent(settings);
  const tunnels = new Map<Proxy, Agent>();
  const throughTunnel = (proxy: Proxy) => {
    const agent = tunnels.get(proxy) ?? new Agent({ ...settings, connect: connectThrough(proxy) });
    tunnels.set(proxy, agent);
    return agent;
  };
  return {
    async fetch(url, { method, headers, body = null, signal, encodeResponseBody }) {
      const options = { method, headers, ...(signal && { signal }), body, highWaterMark: READ_AHEAD };
      const { origin, pathname, search } = url;
      const path = pathname + search;
      const proxy = proxyFor(url);
      // Proxies often refuse CONNECT to ports that are not those of https: what is plain http is asked of the proxy itself.
      const answering = proxy && url.protocol === "http:" ? proxy : undefined;
      try {
        const answer = await (answering
          ? direct.request({ ...options, ...asOfProxy(answering, url, headers) })
          : (proxy ? throughTunnel(proxy) : direct).request({ ...options, origin, path }));
        if (answering && answer.statusCode === 407) {
          answer.body.on("error", () => undefined).destroy();
          throw proxyRefused(answering, 407);
        }
        return responseTo(method, answer, encodeResponseBody === "manual");
      } catch (error) {
        throw answering && isOfConnection(error) ? proxyLost(answering, error) : plain(error);
      }
    },
    async close() {
      await Promise.all([direct, ...tunnels.values()].map((agent) => agent.destroy()));
    },
  };
}

/** A request to a proxy for an address (RFC 9112, 3.2.2). */
const asOfProxy = (
  { url, authorization }: Proxy,
  { origin, pathname, search, host }: URL,
  headers: FetchInit["headers"],
) => ({
  origin: url.origin,
  path: origin + pathname + search,
  headers: { ...headers, host, ...(authorization && { "proxy-authorization": authorization }) },
});

const codeOf = (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : "");

const isOfConnection = (error: unknown) => LOST.has(codeOf(error)) || UNKNOWN_NAME.has(codeOf(error));

function responseTo(method: string, answer: Dispatcher.ResponseData, undecoded: boolean): Response {
  const { statusCode: status, body } = answer;
  const discard = () => void body.dump({ limit: DISCARDED }).catch(() => undefined);
  if (method === "HEAD" || NULL_BODY_STATUSES.has(status)) {
    const response = responseWith(null, answer);
    discard();
    return response;
  }
  const coding = undecoded ? "" : [answer.headers["content-encoding"] ?? ""].flat().join(", ");
  const decoder = DECODERS[coding.trim().toLowerCase()]?.();
  const cancelled = () => {
    body.unpipe();
    decoder?.destroy();
    discard();
  };
  return responseWith(byteStreamOf(decoder ? decoded(body, decoder) : body, cancelled, plain), answer);
}

/**
 * What the constructor refuses is no reason to lose the answer: a status above 599, a reason phrase in another script. Headers
 * that are given to it would be copied twice.
 */
function responseWith(body: BodyInit | null, { statusCode, statusText, headers }: Dispatcher.ResponseData): Response {
  const status = Math.min(statusCode, 599);
  const response = new Response(body, { status, statusText: statusText.replace(/[^\x20-\x7e]+/g, "?") });
  for (const [name, value] of Object.entries(headers))
    for (const each of [value ?? []].flat()) response.headers.append(name, each);
  return status === statusCode ? response : Object.defineProperty(response, "status", { value: statusCode });
}

function decoded(body: Readable, decoder: Gunzip | BrotliDecompress): Readable {
  body.on("error", (error) => decoder.destroy(error));
  decoder.on("error", (error) => body.destroy(error));
  return body.pipe(decoder);
}

/** The error in plain words, where Node's message has only a code. */
function plain(error: unknown): unknown {
  if (error instanceof ProxyFailed) return error;
  const code = codeOf(error);
  // The worker knows this text from workerd.
  if (LOST.has(code)) return new Error("Network connection lost.", { cause: error });
  if (UNKNOWN_NAME.has(code)) return new Error("its name cannot be resolved", { cause: error });
  const tls = tlsErrorText(error);
  if (tls !== undefined) return new Error(tls, { cause: error });
  const unreadable = error instanceof Error && UNREADABLE[error.name];
  return unreadable ? new Error(unreadable, { cause: error }) : error;
}
