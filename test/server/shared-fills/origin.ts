import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the upstream sends the bytes of the file, or of a part. */
type Manner = (response: ServerResponse, bytes: Buffer) => Promise<void> | void;

const whole: Manner = (response, bytes) => void response.end(bytes);

const digestOf = (bytes: Buffer | string) => createHash("sha256").update(bytes).digest("hex");

/** An upstream on loopback that has one project of one wheel, and counts who asks for it. */
export class Origin {
  /** The file's core metadata; undefined where it has none, and its page advertises none. */
  metadata: string | undefined;
  /** What was asked for of the file: `GET`, `HEAD`, `GET bytes=…`. */
  readonly asked: string[] = [];
  manner: Manner = whole;
  /** Whether it says how long the file is. */
  isSized = true;
  /** Whether it has the project. */
  isThere = true;
  #server: Server | undefined;
  #port = 0;
  #bytes = Buffer.alloc(0);
  #entry: Record<string, unknown> = {};

  static readonly FILENAME = "demo-1.0-py3-none-any.whl";

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  /** Has this file, with its digest on its page; `entry` overrides what the page says. */
  publish(bytes: Buffer, entry: Record<string, unknown> = {}): void {
    this.#bytes = bytes;
    const hashes = { sha256: digestOf(bytes) };
    this.#entry = { hashes, size: bytes.byteLength, "upload-time": "2026-01-02T03:04:05.000006Z", ...entry };
    this.manner = whole;
    this.asked.length = 0;
  }

  /**
   * Sends so many bytes, and the others once the returned function is called.
   *
   * @param instead other bytes than those of the file
   */
  sendFirst(count: number, instead?: Buffer): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.manner = async (response, right) => {
      const bytes = instead ?? right;
      response.write(bytes.subarray(0, count));
      await promise;
      response.end(bytes.subarray(count));
    };
    return resolve;
  }

  /** Sends so many bytes and breaks off. */
  breakAfter(count: number): void {
    this.manner = (response, bytes) => void response.write(bytes.subarray(0, count), () => response.destroy());
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "", headers } = request;
    if (url === "/simple/demo/" && this.isThere) {
      const core = this.metadata === undefined ? {} : { "core-metadata": { sha256: digestOf(this.metadata) } };
      const file = { ...core, filename: Origin.FILENAME, url: `${this.url}files/${Origin.FILENAME}`, ...this.#entry };
      response.setHeader("Content-Type", "application/vnd.pypi.simple.v1+json");
      response.end(JSON.stringify({ meta: { "api-version": "1.1" }, name: "demo", versions: ["1.0"], files: [file] }));
    } else if (url === `/files/${Origin.FILENAME}`) {
      this.asked.push([method, headers.range ?? []].flat().join(" "));
      this.#sendFile(request, response);
    } else if (url === `/files/${Origin.FILENAME}.metadata` && this.metadata !== undefined) {
      response.end(this.metadata);
    } else {
      response.writeHead(404).end();
    }
  }

  #sendFile({ method, headers }: IncomingMessage, response: ServerResponse): void {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
    const bytes = from === undefined ? this.#bytes : this.#bytes.subarray(Number(from), Number(to) + 1);
    if (from !== undefined) {
      response.statusCode = 206;
      response.setHeader("Content-Range", `bytes ${from}-${to}/${this.#bytes.byteLength}`);
    }
    if (this.isSized) response.setHeader("Content-Length", bytes.byteLength);
    response.flushHeaders();
    if (method === "HEAD") response.end();
    else void this.manner(response, bytes);
  }
}
