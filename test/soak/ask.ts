import { createHash } from "node:crypto";
import { Agent, request as begin, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../worker/errors.ts";

/** How a request ended: with a whole answer, in the middle of its body, before its head, or because the client left. */
export type End = "whole" | "broken" | "no answer" | "left";

export interface Answer {
  readonly end: End;
  /** 0 where no head came. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** The digest of the body as it came, hex. */
  readonly sha256: string;
  /** Why there is no whole answer. */
  readonly why: string;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Leaves in the middle of the body: of the request's after so many bytes. */
  readonly cutAfter?: number;
  /** Leaves after so many bytes of the answer. */
  readonly leaveAfter?: number;
  /** Leaves after so many milliseconds. */
  readonly leaveAt?: number;
  /** Whether the answer may break off, before its head as well: a file that the upstream spoils. */
  readonly mayBreak?: boolean;
  /** Pauses of a slow reader, milliseconds each, 20 at most. */
  readonly pause?: number;
}

/** Longer than any answer may take to begin, or to go on. Milliseconds. */
const PATIENCE = 40_000;
const MAX_PAUSES = 20;

/** Asks, over connections that are used again. */
export class Asker {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 8 });

  /** Sends a request, and reads its answer to the end. Never rejects. */
  async ask(url: string, asking: Asking = {}): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const { answer, wasIdle } = await this.#once(url, asking);
      // A server may close a connection that was idle while a request is on its way (RFC 9112, 9.3.1).
      if (answer.end !== "no answer" || !wasIdle || attempt === 3) return answer;
    }
  }

  /** Closes the connections that are idle. */
  close(): void {
    this.#agent.destroy();
  }

  #once(url: string, asking: Asking): Promise<{ answer: Answer; wasIdle: boolean }> {
    const { method = "GET", headers = {}, body, cutAfter } = asking;
    const length = body && { "content-length": String(body.byteLength) };
    return new Promise((resolve) => {
      const request = begin(url, { method, headers: { ...length, ...headers }, agent: this.#agent });
      const failed = (end: End, why: string) =>
        resolve({
          answer: { end, status: 0, headers: {}, body: Buffer.alloc(0), sha256: "", why },
          wasIdle: request.reusedSocket,
        });
      request.setTimeout(PATIENCE, () => request.destroy(new Error(`nothing for ${PATIENCE} ms`)));
      request.on("error", (error) => failed(cutAfter === undefined ? "no answer" : "left", messageOf(error)));
      request.on("response", (response) => {
        void received(response, asking).then((answer) => resolve({ answer, wasIdle: false }));
      });
      if (cutAfter === undefined) request.end(body);
      else request.write(body?.subarray(0, cutAfter) ?? "", () => request.destroy(new Error("left")));
    });
  }
}

async function received(
  response: IncomingMessage,
  { leaveAfter = Infinity, leaveAt = Infinity, pause = 0 }: Asking,
): Promise<Answer> {
  const chunks: Buffer[] = [];
  const until = performance.now() + leaveAt;
  let size = 0;
  let pauses = 0;
  let end: End = "whole";
  let why = "";
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size >= leaveAfter || performance.now() > until) {
        end = "left";
        response.destroy();
        break;
      }
      if (pause > 0 && pauses++ < MAX_PAUSES) await sleep(pause);
    }
  } catch (error) {
    [end, why] = ["broken", messageOf(error)];
  }
  const body = Buffer.concat(chunks);
  const sha256 = createHash("sha256").update(body).digest("hex");
  const headers = response.headers as Answer["headers"];
  return { end, status: response.statusCode ?? 0, headers, body, sha256, why };
}
