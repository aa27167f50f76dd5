import type { Server, ServerResponse } from "node:http";
import { Server as TlsServer, type TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";
import type { Times } from "./times.ts";

interface Connection {
  /** The exchange that has not ended. */
  begun: Exchange | undefined;
  /** Start those behind it, in their order. */
  readonly waiting: (() => void)[];
  /** Bytes that had passed, in both directions, when the connection was last silent, and how often it was since they did. */
  passed: number;
  silences: number;
}

/** Requests that are read from a connection before those in front of them are answered. */
const MOST_WAITING = 1_000;

/** A server's connections, and what is under way on each. */
export class Connections {
  readonly #open = new Map<Duplex, Connection>();
  #isStopping = false;

  constructor(server: Server) {
    server.on(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
      if (isHttp2(socket)) return;
      this.#open.set(socket, { begun: undefined, waiting: [], passed: 0, silences: 0 });
      socket.once("close", () => this.#open.delete(socket));
    });
  }

  has(socket: Duplex): boolean {
    return this.#open.has(socket);
  }

  /** What is under way on a connection. */
  begunOn(socket: Duplex): Exchange | undefined {
    return this.#open.get(socket)?.begun;
  }

  /**
   * Starts an exchange once those before it on its connection have ended: requests that change something are not answered
   * side by side (RFC 9112, 9.3.2). None is started behind an answer that closes the connection.
   */
  inTurn(socket: Socket, outgoing: ServerResponse, start: () => Exchange): void {
    const connection = this.#open.get(socket);
    // What has come in is still read while the last answer is sent.
    if (!connection || !socket.writable) return;
    const run = () => {
      connection.begun = start();
      outgoing.once("close", () => {
        connection.begun = undefined;
        const next = connection.waiting.shift();
        if (next && socket.writable) next();
        else if (this.#isStopping) socket.destroySoon();
      });
    };
    if (!connection.begun) run();
    else if (connection.waiting.length < MOST_WAITING) connection.waiting.push(run);
    else socket.destroy();
  }

  /**
   * Decides about a connection on which no byte has passed for `times.taking`, and closes it where its client takes none of
   * what is there for it. What the worker has not answered yet has `times.answer`.
   */
  silent(socket: Socket, { taking, answer }: Times): void {
    const connection = this.#open.get(socket);
    if (!connection?.begun || socket.writableLength > 0) return void socket.destroy();
    const passed = socket.bytesRead + socket.bytesWritten;
    connection.silences = passed === connection.passed ? connection.silences + 1 : 1;
    connection.passed = passed;
    if (connection.silences * taking >= answer) socket.destroy();
    else socket.setTimeout(taking);
  }

  /** Closes the connections on which nothing is under way, now and when the last answer on one has been sent. */
  closeIdle(): void {
    this.#isStopping = true;
    for (const [socket, { begun }] of this.#open) if (!begun) socket.destroy();
  }
}

/** Whether HTTP/2 was agreed on: each stream comes as a connection of its own. */
export const isHttp2 = (socket: Socket | TLSSocket) => "alpnProtocol" in socket && socket.alpnProtocol === "h2";
