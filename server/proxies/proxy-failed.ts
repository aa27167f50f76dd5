import { messageOf } from "../../worker/errors.ts";
import { tlsErrorText } from "../tls-errors.ts";
import type { Proxy } from "./proxies.ts";

/** A request did not get through its proxy. The message says why in a few words, for the middle of a sentence. */
export class ProxyFailed extends Error {}

/** What the codes of failed connections to a proxy mean. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses the connection",
  ENOTFOUND: "has a name that cannot be resolved",
  EAI_AGAIN: "has a name that cannot be resolved",
  ETIMEDOUT: "does not answer",
  UND_ERR_CONNECT_TIMEOUT: "does not answer",
  ECONNRESET: "has closed the connection",
  EPIPE: "has closed the connection",
  UND_ERR_SOCKET: "has closed the connection",
};

/** No connection to the proxy was made, or it was lost. */
export function proxyLost({ name }: Proxy, cause: unknown): ProxyFailed {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return new ProxyFailed(
    `${name} ${REASONS[code] ?? `cannot be used (${tlsErrorText(cause) ?? (code || messageOf(cause))})`}`,
    { cause },
  );
}

/** The proxy itself refused the request, with a status. */
export function proxyRefused({ name, authorization }: Proxy, status: number): ProxyFailed {
  if (status !== 407) return new ProxyFailed(`${name} does not let the request through (it answered ${status})`);
  const advice = authorization === undefined ? "wants a user and a password" : "does not accept its user and password";
  return new ProxyFailed(`${name} ${advice} (it answered 407)`);
}
