import { Agent } from "undici";
import { SECOND } from "../../worker/duration.ts";
import type { Fetch, FetchInit } from "../../worker/platform/platform.ts";
import { fetchAnswer } from "./answer.ts";
import { SentRequest } from "./sent-request.ts";
import type { Proxy, ProxyFor } from "../proxies/proxies.ts";
import { ProxyFailed, proxyLost, proxyRefused } from "../proxies/proxy-failed.ts";
import { connectThrough } from "../proxies/tunnel.ts";
import { tlsErrorText } from "../tls-errors.ts";

/** Connections to one origin at the same time. Further requests wait. */
const CONNECTIONS = 128;

/** The worker gives up sooner; these limits end what it has forgotten. Milliseconds. */
const HEADERS_TIMEOUT = 30 * SECOND;
const BODY_TIMEOUT = 60 * SECOND;

/** workerd takes some 32 KiB; Node's own limit of 16 KiB is near to what indexes with long policies send. Bytes. */
const MAX_HEADERS = 64 * 1024;

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
      const proxy = proxyFor(url);
      // Proxies often refuse CONNECT to ports that are not those of https: what is plain http is asked of the proxy itself.
      const answering = proxy && url.protocol === "http:" ? proxy : undefined;
      const request = new SentRequest((own, status, answered) => {
        if (answering && status === 407) throw proxyRefused(answering, 407);
        return fetchAnswer(own, status, answered, {
          method,
          undecoded: encodeResponseBody === "manual",
          explained: plain,
        });
      }, signal);
      const options = answering
        ? { method, body, ...asOfProxy(answering, url, headers) }
        : { method, body, headers, origin: url.origin, path: url.pathname + url.search };
      (answering || !proxy ? direct : throughTunnel(proxy)).dispatch(options, request);
      return request.answer.catch((error: unknown) => {
        throw answering && isOfConnection(error) ? proxyLost(answering, error) : plain(error);
      });
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
