import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request that reached the upstream. `path` is as it was sent, query included. */
export interface Access {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** An upstream's complete answer; the answer to a HEAD is sent without the body. */
export interface WitnessAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Where a witness gets its answers from: an index server behind it, or wheels that it holds. */
export type WitnessSource = (request: IncomingMessage) => Promise<WitnessAnswer>;

/**
 * The counting front of an upstream: it logs every request, can be taken down and brought back on the same port, and can
 * spoil or delay answers. Paths are matched by their ending, since each source has URLs of its own.
 */
export class Witness {
  readonly log: Access[] = [];
  readonly #source: WitnessSource;
  readonly #tampered = new Set<string>();
  readonly #delays = new Map<string, number>();
  #server: Server | null = null;
  #port = 0;

  constructor(source: WitnessSource) {
    this.#source = source;
  }

  /** The root of the Simple API behind this witness. */
  get index(): string {
    return `http://127.0.0.1:${this.#port}/simple/`;
  }

  /** Takes requests: the first time on a free port, later on that same one. */
  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#serve(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** Refuses connections from here on, and cuts the open ones. Stopping twice is no error. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** The requests logged since the last call, oldest first. */
  take(): Access[] {
    return this.log.splice(0);
  }

  /**
   * Changes one byte of every body whose path ends so; the length stays, and a wheel stays a sound archive with the same
   * contents, so that only its hash differs. Call the result to end it.
   */
  tamper(ending: string): () => void {
    this.#tampered.add(ending);
    return () => void this.#tampered.delete(ending);
  }

  /** Holds back every answer whose path ends so. Call the result to end it. */
  delay(ending: string, milliseconds: number): () => void {
    this.#delays.set(ending, milliseconds);
    return () => void this.#delays.delete(ending);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "GET";
    const path = request.url ?? "/";
    const wait = [...this.#delays].find(([ending]) => path.endsWith(ending))?.[1] ?? 0;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const answer = await this.#source(request).catch(unavailable);
    const spoil = [...this.#tampered].some((ending) => path.endsWith(ending));
    const body = spoil ? tampered(answer) : answer.body;
    this.log.push({ method, path, status: answer.status });
    response.writeHead(answer.status, { ...answer.headers, "content-length": body.byteLength });
    response.end(method === "HEAD" ? undefined : body);
  }
}

function unavailable(error: unknown): WitnessAnswer {
  return {
    status: 502,
    headers: { "content-type": "text/plain" },
    body: Buffer.from(String(error)),
  };
}

// Where a ZIP archive keeps the time of its first member.
const TAMPERED_AT = 10;

function tampered({ body, headers }: WitnessAnswer): Uint8Array {
  const start = Number(/^bytes (\d+)-/.exec(headers["content-range"] ?? "")?.[1] ?? 0);
  const copy = Uint8Array.from(body);
  const byte = copy[TAMPERED_AT - start];
  if (byte !== undefined) copy[TAMPERED_AT - start] = byte ^ 1;
  return copy;
}
