/** How an upstream's answer looks with each fault. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { WitnessAnswer } from "../../cli/demo/witness.ts";
import { SECOND } from "../../worker/duration.ts";
import type { Fault } from "./weather.ts";

/** How long a request that hangs, or stalls in the middle, is left open. Milliseconds. */
const SILENCE = 20 * SECOND;

/** Pieces of a slow answer, and the pause between two. Milliseconds. */
const PIECES = 20;
const PAUSE = 60;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: WitnessAnswer;
}

/** Sends an answer with a fault. */
export async function sendFaulty(fault: Fault, exchange: Exchange): Promise<void> {
  await SENDERS[fault](exchange);
}

const SENDERS: Readonly<Record<Fault, (exchange: Exchange) => Promise<void> | void>> = {
  none: sendWhole,
  refuse: ({ request }) => void request.socket.destroy(),
  async hang({ response }) {
    await silence(response);
    response.destroy();
  },
  async stall({ response, answer }) {
    begin(response, answer, true);
    response.write(half(answer));
    await silence(response);
    response.destroy();
  },
  async cut({ response, answer }) {
    begin(response, answer, true);
    await cutAfterHalf(response, answer);
  },
  async "cut-chunked"({ response, answer }) {
    begin(response, answer, false);
    await cutAfterHalf(response, answer);
  },
  // The end of the connection is the end of the body: as HTTP/1.0 has it, and a receiver cannot tell.
  "cut-clean"({ response, answer }) {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    begin(response, answer, false);
    response.end(half(answer));
  },
  tamper(exchange) {
    const { answer } = exchange;
    if (!isBinary(answer)) return sendWhole(exchange);
    const body = Uint8Array.from(answer.body);
    const at = body.byteLength >> 1;
    body[at] = (body[at] ?? 0) ^ 1;
    sendWhole({ ...exchange, answer: { ...answer, body } });
  },
  async slow({ response, answer }) {
    begin(response, answer, true);
    const step = Math.ceil(answer.body.byteLength / PIECES) || 1;
    for (let at = 0; at < answer.body.byteLength && !response.destroyed; at += step) {
      response.write(answer.body.subarray(at, at + step));
      await sleep(PAUSE);
    }
    response.end();
  },
  "429": ({ response }) => void response.writeHead(429, { "retry-after": "1" }).end("too many"),
  "500": ({ response }) => void response.writeHead(500).end("failed"),
  "503": ({ response }) => void response.writeHead(503).end("away"),
};

function sendWhole({ request, response, answer }: Exchange): void {
  begin(response, answer, true);
  response.end(request.method === "HEAD" ? undefined : answer.body);
}

function begin(response: ServerResponse, { status, headers, body }: WitnessAnswer, isSized: boolean): void {
  response.writeHead(status, { ...headers, ...(isSized && status !== 304 && { "content-length": body.byteLength }) });
}

const half = ({ body }: WitnessAnswer) => body.subarray(0, body.byteLength >> 1);

async function cutAfterHalf(response: ServerResponse, answer: WitnessAnswer): Promise<void> {
  await new Promise<void>((resolve) => void response.write(half(answer), () => resolve()));
  response.destroy();
}

/** Files and their metadata have digests. Nothing tells a page that was changed from a true one. */
const isBinary = ({ status, headers }: WitnessAnswer) =>
  status < 300 && /octet-stream|text\/plain/.test(headers["content-type"] ?? "");

async function silence(response: ServerResponse): Promise<void> {
  for (let waited = 0; waited < SILENCE && !response.destroyed; waited += SECOND) await sleep(SECOND);
}
