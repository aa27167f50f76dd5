import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A service that the tests stand in for, at loopback. */
export abstract class LoopbackService {
  readonly #server = createServer((request, response) => void this.answer(request, response));

  /** Answers a request. */
  protected abstract answer(request: IncomingMessage, response: ServerResponse): Promise<void> | void;

  /** Its address, without a slash at the end, once it has been started. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
