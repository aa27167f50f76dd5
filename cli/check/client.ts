import * as http from "node:http";
import * as https from "node:https";
import type { TLSSocket } from "node:tls";
import { SECOND } from "../../worker/duration.ts";
import { causeOf } from "../lib/admin-api.ts";
import { NotAsExpected } from "./report.ts";

/** Requests in all: a deployment that is checked notices nothing of it. */
const MAX_REQUESTS = 100;

/** Bytes of one answer: larger files are not chosen. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Without a byte for so long, a request is given up. Milliseconds. */
const SILENCE = 30 * SECOND;

/** What is sent beside the token. */
export interface ToSend {
  readonly method?: "GET" | "HEAD" | "POST" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Whether the token is left out. */
  readonly anonymous?: boolean;
}

/** An answer as it was sent: its body is not decoded. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** The version of TLS; undefined over plain http. */
  readonly tls: string | undefined;
}

/** Asks one deployment over HTTP/1.1, a bounded number of times. `fetch` decodes bodies, and shows neither TLS nor the reason phrase of HTTP/1.1. */
export class CheckClient {
  readonly root: URL;
  readonly token: string | undefined;
  readonly #agent: http.Agent;
  #left = MAX_REQUESTS;

  constructor(root: URL, token: string | undefined) {
    this.root = root;
    this.token = token;
    this.#agent = new (root.protocol === "https:" ? https : http).Agent({ keepAlive: true });
  }

  /**
   * Sends a request.
   *
   * @param path relative to the root
   * @throws NotAsExpected where there is no whole answer
   */
  async ask(path: string, { method = "GET", headers = {}, body, anonymous = false }: ToSend = {}): Promise<Answer> {
    const url = new URL(path, this.root);
    if (url.origin !== this.root.origin)
      throw new NotAsExpected(`an address elsewhere, ${url.origin}, which is not asked`);
    if (this.#left-- <= 0) throw new NotAsExpected(`more than the ${MAX_REQUESTS} requests that a check may send`);
    const token = anonymous ? undefined : this.token;
    const authorization = token !== undefined && `Basic ${Buffer.from(`__token__:${token}`).toString("base64")}`;
    const options = {
      method,
      agent: this.#agent,
      timeout: SILENCE,
      headers: { "User-Agent": "pypi-edge-check", ...(authorization && { Authorization: authorization }), ...headers },
    };
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    const request = (url.protocol === "https:" ? https : http).request(url.href, options, resolve);
    request.on("error", reject).on("timeout", () => request.destroy(new Error(`nothing for ${SILENCE / SECOND} s`)));
    request.end(body);
    try {
      const answer = await promise;
      const { statusCode: status = 0, statusMessage: reason = "", headers: received, socket } = answer;
      const tls = (socket as Partial<TLSSocket>).getProtocol?.() ?? undefined;
      return { status, reason, headers: received, body: await bytesOf(answer), tls };
    } catch (error) {
      throw new NotAsExpected(`${method} ${url.pathname}: no whole answer (${causeOf(error)})`);
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function bytesOf(answer: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A header's text; empty where there is none. */
export const headerOf = ({ headers }: Pick<Answer, "headers">, name: string): string => {
  const value = headers[name];
  return typeof value === "string" ? value : (value?.join(", ") ?? "");
};
