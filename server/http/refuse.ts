import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** Bytes of a request line (Cloudflare's limit of a URL) and of all header fields together. */
export const MAX_TARGET = 16 * 1024;
export const MAX_HEADERS = 32 * 1024;

/** What is refused before the worker sees it. */
export const REFUSALS = {
  400: "The request is not valid HTTP/1.1.",
  408: "The request's header did not arrive in time.",
  414: `The address is longer than ${MAX_TARGET / 1024} KiB.`,
  417: "Nothing but 100-continue can be expected.",
  431: `The header is larger than ${MAX_HEADERS / 1024} KiB.`,
  501: "The method, or the transfer coding, is not one that is known here.",
} as const;

export type Refusal = keyof typeof REFUSALS;

/** The status for what Node's parser or its timer found. */
export function refusalFor({ code, rawPacket }: NodeJS.ErrnoException & { readonly rawPacket?: Buffer }): Refusal {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  const hasMethod = /^[!#$%&'*+.^`|~\w-]+ /.test(rawPacket?.toString("latin1", 0, 64) ?? "");
  return code === "HPE_INVALID_METHOD" && hasMethod ? 501 : 400;
}

/** Answers on a socket on which no answer has begun, and closes it. */
export function refuse(socket: Duplex, status: Refusal): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = `${REFUSALS[status]}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Cache-Control: no-store",
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
