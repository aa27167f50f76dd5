import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { ClientAddress } from "./client-address.ts";
import { storageFailed } from "../../worker/errors.ts";
import { discardRest } from "./discard-rest.ts";
import { receivedBody } from "./received-body.ts";
import { MAX_HEADERS, MAX_TARGET, REFUSALS, type Refusal } from "./refuse.ts";
import { ReceivedRequest } from "./received-request.ts";
import { CannotOpen } from "./send-file.ts";
import { send, type FileOf } from "./send.ts";
import { urlOf } from "./target.ts";

/** Answers requests. What it throws becomes a 500. */
export type Handler = (request: ReceivedRequest, tools: HandlerTools) => Promise<Response> | Response;

export interface HandlerTools {
  /** Work that goes on after the answer; the server does not stop before it is done. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export interface ExchangeParts {
  readonly handler: Handler;
  readonly tools: HandlerTools;
  readonly fileOf: FileOf;
  /**
   * Takes errors that the handler has thrown, and those of an answer's body while its client was still there, except those
   * with `retryable: true`.
   */
  readonly report: (error: unknown) => void;
  readonly scheme: "http" | "https";
  readonly clientAddress: ClientAddress;
  /** The longest wait for a next byte of a request's body. Milliseconds. */
  readonly bodyTime: number;
  /** Whether the connection may be used again. */
  readonly mayStay: () => boolean;
}

export interface Exchange {
  /** Says that the rest of the connection cannot be read. The answer is sent, and the connection closed. */
  break(error: Error): void;
}

/**
 * Answers one request. An answer that cannot be sent whole never ends cleanly: the connection is broken off.
 */
export function exchange(incoming: IncomingMessage, outgoing: ServerResponse, parts: ExchangeParts): Exchange {
  const expects = incoming.headers.expect !== undefined && incoming.httpVersion !== "1.0";
  const hasBody =
    incoming.headers["content-length"] !== undefined || incoming.headers["transfer-encoding"] !== undefined;
  const { socket } = incoming;
  let isRead = false;
  const broken = new AbortController();
  const breakOff = (error: Error) => {
    broken.abort();
    outgoing.once("close", () => socket.destroySoon());
    // What cannot be read may be the next request.
    if (!incoming.complete) body?.fail(error);
  };
  const body = hasBody
    ? receivedBody(incoming, parts.bodyTime, {
        onSilence: breakOff,
        onFirstRead() {
          isRead = true;
          if (expects) outgoing.writeContinue();
        },
      })
    : undefined;

  async function answer(): Promise<void> {
    const received = receive(incoming, body?.stream ?? null, parts);
    const response = typeof received === "number" ? refusal(received) : await handled(received, parts);
    if (outgoing.destroyed) {
      await response.body?.cancel();
      return;
    }
    // A client that waits for 100 sends its body or not (RFC 9110, 10.1.1): what comes next on the connection is not known.
    // Node drops what comes in one packet with a request that asks for another protocol.
    const isUnknown = broken.signal.aborted || (expects && !isRead) || incoming.headers.upgrade !== undefined;
    if (isUnknown || typeof received === "number" || !parts.mayStay()) outgoing.shouldKeepAlive = false;
    await send(outgoing, response, incoming.method === "HEAD", parts.fileOf).catch(async (error: unknown) => {
      if (!(error instanceof CannotOpen) || outgoing.destroyed) throw error;
      parts.report(error);
      await send(outgoing, unavailable(), incoming.method === "HEAD", () => undefined);
    });
    const isReady = isUnknown || (await discardRest(incoming, parts.bodyTime, broken.signal));
    if (!isReady) outgoing.once("close", () => socket.destroySoon());
    outgoing.end();
  }

  answer().catch((error: unknown) => {
    if (!outgoing.destroyed && !isBrokenOff(error)) parts.report(error);
    outgoing.destroy();
  });
  return { break: breakOff };
}

/** Whether the worker breaks the transfer off on purpose. It has reported why, once for all clients of the file. */
const isBrokenOff = (error: unknown) => error instanceof Error && "retryable" in error && error.retryable === true;

async function handled(request: ReceivedRequest, { handler, tools, report }: ExchangeParts): Promise<Response> {
  try {
    return await handler(request, tools);
  } catch (error) {
    report(error);
    return new Response(STATUS_CODES[500], { status: 500 });
  }
}

/** The request for the handler, or why it gets none. */
function receive(
  incoming: IncomingMessage,
  body: ReadableStream<Uint8Array> | null,
  { scheme, clientAddress: addressOf }: ExchangeParts,
): ReceivedRequest | Refusal {
  const { method = "", url: target = "", rawHeaders, socket } = incoming;
  const faulty = framingFault(incoming);
  if (faulty !== undefined) return faulty;
  if (target.length > MAX_TARGET) return 414;
  let size = 0;
  for (const text of rawHeaders) size += text.length + 2;
  if (size > MAX_HEADERS) return 431;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  // Several become a list, which is no host name, and the worker says so.
  const host = headers.get("Host") ?? "";
  const url = host === "" ? undefined : urlOf(scheme, target, host);
  if (url === undefined) return 400;
  const clientAddress = addressOf(socket.remoteAddress ?? "", headers.get("X-Forwarded-For"));
  return new ReceivedRequest({ method, url, headers, body, clientAddress });
}

/** As the worker says it. */
const unavailable = () =>
  new Response(`${storageFailed(undefined).message}\n`, {
    status: 503,
    headers: { "Cache-Control": "no-store", "Content-Type": "text/plain; charset=utf-8", "Retry-After": "1" },
  });

/** Why a body's length, or whether one comes, is not certain, beyond what Node's parser refuses. */
function framingFault({ headers, httpVersion }: IncomingMessage): Refusal | undefined {
  const coding = headers["transfer-encoding"];
  // Others on the way may have taken it for a request without a body (RFC 9112, 6.1).
  if (coding !== undefined && httpVersion === "1.0") return 400;
  if (coding !== undefined && coding.toLowerCase() !== "chunked") return 501;
  const expected = headers.expect?.split(",").map((each) => each.trim().toLowerCase()) ?? [];
  return expected.every((each) => each === "100-continue") ? undefined : 417;
}

const refusal = (status: Refusal) =>
  new Response(`${REFUSALS[status]}\n`, { status, headers: { "Cache-Control": "no-store" } });
