import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** What the server was sent. */
export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the server answers; `cut`: and then breaks off. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly parts: readonly string[];
  readonly cut?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server that answers whatever it is told to. */
export class FakeApi {
  readonly sent: Sent[] = [];
  answer: Answer = { status: 500, type: "text/plain", parts: [] };
  /** What it answers at its health check, where that is something else. */
  health: Answer | undefined;
  url = "";
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "", url = "", headers } = request;
    this.sent.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    const answer = (url.endsWith("/-/health") && this.health) || this.answer;
    response.writeHead(answer.status, { "Content-Type": answer.type, ...answer.headers });
    for (const part of answer.parts) response.write(part);
    if (!answer.cut) response.end();
    else {
      response.flushHeaders();
      setImmediate(() => response.destroy());
    }
  });

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<unknown> {
    return new Promise((done) => this.#server.close(done));
  }
}
