import { request as httpRequest, type IncomingMessage } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { MAX_HEADERS, MAX_TARGET, REFUSALS, type Refusal } from "../http/refuse.ts";
import { requestHead } from "./request-head.ts";
import { responseHead } from "./response-head.ts";

interface StreamParts {
  /** A new connection to the HTTP/1.1 server. */
  readonly connect: () => { readonly server: Duplex; readonly client: Duplex };
  /** For the client to take a next byte, once the server has given all of the answer. Milliseconds. */
  readonly taking: number;
}

/**
 * Answers a stream by an exchange with the HTTP/1.1 server, over a connection of its own. Where the stream is reset, that
 * connection is closed; where the connection ends before the answer does, the stream is reset, and never ended.
 *
 * @param fields the request's header fields, names and values by turns
 */
export function exchangeOverStream(
  stream: ServerHttp2Stream,
  fields: readonly string[],
  { connect, taking }: StreamParts,
): void {
  // It was reset before it was begun.
  if (stream.closed) return void stream.resume();
  const hasBody = !stream.endAfterHeaders;
  const head = requestHead(fields, hasBody);
  if (typeof head === "number") return refuseStream(stream, head);

  const { server, client } = connect();
  const close = () => void client.destroy();
  // Reading may be paused when a stream is reset: `close` comes after the last byte was read.
  stream.once("aborted", close).once("close", close);
  const breakOff = () => {
    close();
    // Resets it with INTERNAL_ERROR. `close` would send END_STREAM first.
    stream.destroy(new Error("The answer broke off."));
  };
  // The HTTP/1.1 server has times for its connection. What it has given and closed may still wait here.
  const onSilence = () => {
    if (server.destroyed) breakOff();
    else stream.setTimeout(taking, onSilence);
  };
  stream.setTimeout(taking, onSilence);

  const request = httpRequest({
    createConnection: () => client,
    method: head.method,
    path: head.target,
    headers: head.fields,
    setHost: false,
    maxHeaderSize: MAX_TARGET + MAX_HEADERS,
  });
  request.on("error", () => {
    // The stream of a HEAD has ended from its beginning.
    if (!stream.headersSent || !stream.writableEnded) breakOff();
  });
  request.on("continue", () => {
    if (!stream.closed) stream.additionalHeaders({ ":status": 100 });
  });
  request.on("response", (response) => passOn(response, stream, breakOff));
  // A stream on which bytes are left unread would not close.
  request.once("close", () => stream.unpipe(request).resume());
  if (!hasBody) return void request.end();
  stream.pipe(request, { end: false });
  stream.on("end", () => {
    // It is also emitted where the client resets the stream with NO_ERROR, which has closed the stream by then.
    if (stream.closed) close();
    else request.end();
  });
}

function passOn(response: IncomingMessage, stream: ServerHttp2Stream, breakOff: () => void): void {
  response.on("error", breakOff);
  if (stream.closed) return;
  stream.respond(responseHead(response));
  response.pipe(stream, { end: false });
  response.on("end", () => {
    if (!response.complete) return breakOff();
    stream.end(() => {
      // The rest of a request that is answered is not wanted (RFC 9113, 8.1).
      if (!stream.readableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  });
}

function refuseStream(stream: ServerHttp2Stream, status: Refusal): void {
  const body = `${REFUSALS[status]}\n`;
  stream.respond({
    ":status": status,
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  stream.end(body);
  stream.resume();
}
