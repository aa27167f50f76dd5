import { request as askHttp, type IncomingMessage } from "node:http";
import { request as askHttps } from "node:https";
import { isIPv6, type Socket } from "node:net";
import { buildConnector } from "undici";
import { SECOND } from "../../worker/duration.ts";
import type { Proxy } from "./proxies.ts";
import { proxyLost, proxyRefused } from "./proxy-failed.ts";

/** For the proxy to open a connection. The worker gives up sooner; this ends what it has forgotten. Milliseconds. */
const PATIENCE = 30 * SECOND;

/** Connects to https upstreams through a proxy: TLS is spoken with the upstream, in a tunnel that the proxy opens (RFC 9110, 9.3.6). */
export function connectThrough(proxy: Proxy): buildConnector.connector {
  const overTunnel = buildConnector({});
  return (options, connected) => {
    const { hostname, port } = options;
    openTunnel(proxy, `${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port || 443}`).then(
      (httpSocket) => overTunnel({ ...options, httpSocket }, connected),
      (error: Error) => connected(error, null),
    );
  };
}

/**
 * Has a proxy open a connection to `authority`, a host and a port.
 *
 * @throws ProxyFailed
 */
function openTunnel(proxy: Proxy, authority: string): Promise<Socket> {
  const { url, authorization } = proxy;
  return new Promise((resolve, reject) => {
    const headers = { host: authority, ...(authorization && { "proxy-authorization": authorization }) };
    const ask = url.protocol === "https:" ? askHttps : askHttp;
    const asked = ask(url.href, { method: "CONNECT", path: authority, headers, agent: false, timeout: PATIENCE });
    asked.on("connect", ({ statusCode = 0 }: IncomingMessage, socket: Socket) => {
      if (statusCode >= 200 && statusCode < 300) {
        socket.setTimeout(0);
        return resolve(socket);
      }
      socket.on("error", () => undefined).destroy();
      reject(proxyRefused(proxy, statusCode));
    });
    asked.on("timeout", () => asked.destroy(Object.assign(new Error("It is silent."), { code: "ETIMEDOUT" })));
    asked.on("error", (error) => reject(proxyLost(proxy, error)));
    asked.end();
  });
}
