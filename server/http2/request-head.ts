import { METHODS } from "node:http";
import type { Refusal } from "../http/refuse.ts";

/** A request's head as HTTP/1.1 has it. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** Names and values by turns. */
  readonly fields: readonly string[];
}

/** Are about the connection; nghttp2 refuses the others of that kind (RFC 9113, 8.2.2). */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(["te", "http2-settings"]);

/** Methods of which a request without Content-Length has no body (RFC 9110, 8.6). */
const WITHOUT_CONTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"]);

/** What cannot be written in a request line: controls, spaces, and what is not in Latin-1. */
const NO_TARGET = /[^\x21-\xff]/;

/** What a field cannot have (RFC 9110, 5.5). */
const NO_FIELD = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Translates a request's head to HTTP/1.1 (RFC 9113, 8.3). The target is not changed.
 *
 * @param fields names and values by turns, as they came
 * @param hasBody whether the stream goes on after the head
 * @returns why the request is refused, where it cannot be translated
 */
export function requestHead(fields: readonly string[], hasBody: boolean): RequestHead | Refusal {
  const pseudo = new Map<string, string>();
  const passed: string[] = [];
  const cookies: string[] = [];
  let host: string | undefined;
  let isFramed = false;
  for (let at = 0; at < fields.length; at += 2) {
    const [name = "", value = ""] = [fields[at], fields[at + 1]];
    if (NO_FIELD.test(value)) return 400;
    if (name.startsWith(":")) pseudo.set(name, value);
    else if (name === "host") host = value;
    else if (name === "cookie") cookies.push(value);
    else if (!OF_THE_CONNECTION.has(name)) passed.push(name, value);
    isFramed ||= name === "content-length";
  }
  const method = pseudo.get(":method") ?? "";
  const target = pseudo.get(":path") ?? "";
  const authority = pseudo.get(":authority");
  // Node's client would write others in capitals, and waits for a tunnel after CONNECT.
  if (method === "CONNECT" || !METHODS.includes(method)) return 501;
  if (target === "" || NO_TARGET.test(target)) return 400;
  if (authority !== undefined && host !== undefined && authority !== host) return 400;
  const named = authority ?? host;
  const framing =
    isFramed || (!hasBody && WITHOUT_CONTENT.has(method))
      ? []
      : hasBody
        ? ["transfer-encoding", "chunked"]
        : ["content-length", "0"];
  return {
    method,
    target,
    fields: [
      ...(named === undefined ? [] : ["host", named]),
      ...passed,
      // They may be sent in several fields to be compressed better, and are one in HTTP/1.1 (RFC 9113, 8.2.3).
      ...(cookies.length > 0 ? ["cookie", cookies.join("; ")] : []),
      ...framing,
      "connection",
      "close",
    ],
  };
}
