import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What becomes of an upload on its way: nothing; one byte is another; the connection ends half-way; it stays there for good. */
export type Passage = "whole" | "spoiled" | "cut" | "held";

/** How the archives that are uploaded begin: a member of a ZIP, and a gzip stream. Behind that, each has a time that says little. */
const ARCHIVES = [
  { magic: Buffer.from("504b0304", "hex"), time: 10 },
  { magic: Buffer.from("1f8b08", "hex"), time: 4 },
];

/** Stands between publishing clients and the product, and hands on what they send as it is told to. */
export class Gateway {
  passage: Passage = "whole";
  /** What is called when half of an upload that is held has been handed on. */
  reached: () => void = () => undefined;
  readonly #origin: () => string;
  readonly #server: Server;

  /** @param origin where the product is, each time it is asked */
  constructor(origin: () => string) {
    this.#origin = origin;
    this.#server = createServer((incoming, outgoing) => {
      this.#pass(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return this;
  }

  /** Its address, which stands for the product's. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const isUpload = incoming.method === "POST";
    if (isUpload && this.passage === "spoiled") spoil(body);
    const onward = ask(new URL(incoming.url ?? "/", this.#origin()).href, {
      method: incoming.method,
      headers: { ...incoming.headers, "content-length": body.byteLength },
      agent: false,
    });
    if (isUpload && (this.passage === "cut" || this.passage === "held")) {
      await new Promise((resolve) =>
        onward.once("error", resolve).write(body.subarray(0, body.byteLength / 2), resolve),
      );
      if (this.passage === "held") {
        this.reached();
        // Until the client is gone.
        await new Promise((resolve) => outgoing.once("close", resolve));
      }
      onward.destroy();
      outgoing.destroy();
      return;
    }
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      onward.once("response", resolve).once("error", reject).end(body);
    });
    // The reason phrase is what some clients show.
    outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.headers);
    outgoing.end(await buffer(answer));
  }
}

function spoil(body: Buffer): void {
  const [at] = ARCHIVES.map(({ magic, time }) => [body.indexOf(magic), time] as const)
    .filter(([from]) => from >= 0)
    .toSorted(([one], [other]) => one - other)
    .map(([from, time]) => from + time);
  if (at === undefined) throw new Error("the upload has no archive in it");
  body.writeUInt8(body.readUInt8(at) ^ 1, at);
}
