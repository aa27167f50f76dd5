import type { IncomingMessage } from "node:http";
import type { OutgoingHttpHeaders } from "node:http2";

/** Are not allowed in HTTP/2 (RFC 9113, 8.2.2). */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** An answer's head as HTTP/2 has it: without the reason phrase. */
export function responseHead({ statusCode, rawHeaders }: IncomingMessage): OutgoingHttpHeaders {
  const head: OutgoingHttpHeaders = { ":status": statusCode ?? 500 };
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? "").toLowerCase();
    const value = rawHeaders[at + 1] ?? "";
    const earlier = head[name];
    if (OF_THE_CONNECTION.has(name)) continue;
    head[name] = earlier === undefined ? value : [...[earlier].flat().map(String), value];
  }
  return head;
}
