import type { ServerResponse } from "node:http";
import { declaredLength, writeHead } from "./head.ts";
import type { FilePart } from "../objects/file-body.ts";
import { bytesIn } from "../memory-body.ts";
import { READ_SIZE, sendFile } from "./send-file.ts";
import { sendStream } from "./send-stream.ts";

/** The file that a body stands for; undefined for all other bodies. */
export type FileOf = (body: ReadableStream<Uint8Array>) => FilePart | undefined;

/** Statuses of answers that have no content (RFC 9110, 15.3.5 and 15.4.5). */
const WITHOUT_CONTENT: ReadonlySet<number> = new Set([204, 304]);

/**
 * Sends an answer, but not its end. Content-Length is sent where the length is known, to HEAD as to GET.
 *
 * @throws CannotOpen, where nothing was sent; also where the body cannot be sent whole: the connection must then be broken off. The body has been cancelled
 */
export async function send(
  outgoing: ServerResponse,
  response: Response,
  isHead: boolean,
  fileOf: FileOf,
): Promise<void> {
  const { body, status } = response;
  const file = body ? fileOf(body) : undefined;
  const bytes = body ? bytesIn(body) : undefined;
  if (WITHOUT_CONTENT.has(status)) {
    await body?.cancel();
    writeHead(outgoing, response, undefined);
  } else if (!body) {
    // The worker makes its answers to HEAD without a body: their length is the one that they declare.
    writeHead(outgoing, response, isHead ? declaredLength(response) : 0);
  } else if (bytes && bytes.byteLength <= READ_SIZE) {
    sendBytes(outgoing, response, bytes, isHead);
  } else if (!file) {
    await sendStream(outgoing, response, body, isHead);
  } else if (isHead) {
    await body.cancel();
    writeHead(outgoing, response, file.length);
  } else {
    await sendFile(file, outgoing, () => writeHead(outgoing, response, file.length));
  }
}

/** In one piece with the head, on `end`; that waits for the request's rest. */
function sendBytes(outgoing: ServerResponse, response: Response, bytes: Uint8Array, isHead: boolean): void {
  const { byteLength: length } = bytes;
  const declared = declaredLength(response);
  if (declared !== undefined && declared !== length)
    throw new Error(`An answer's body has ${length} bytes, and its headers say ${declared}.`);
  if (outgoing.req.complete) outgoing.cork();
  writeHead(outgoing, response, length);
  if (!isHead && length > 0) outgoing.write(bytes);
}
