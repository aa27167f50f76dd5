import type { Server, ServerResponse } from "node:http";
import { Server as TlsServer } from "node:tls";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";

/** A server's connections, with the latest exchange on each that has not ended. */
export class Connections {
  readonly #open = new Map<Duplex, Exchange | undefined>();
  /** Sockets on which TLS may still be negotiated, with their names: the socket that requests come from is another one then. */
  readonly #negotiating = new Map<Socket, string>();
  #isStopping = false;

  constructor(server: Server) {
    const isTls = server instanceof TlsServer;
    server.on(isTls ? "secureConnection" : "connection", (socket: Socket) => {
      this.#open.set(socket, undefined);
      socket.once("close", () => this.#open.delete(socket));
    });
    if (!isTls) return;
    server.on("connection", (socket: Socket) => {
      this.#negotiating.set(socket, nameOf(socket));
      socket.once("close", () => this.#negotiating.delete(socket));
    });
  }

  has(socket: Duplex): boolean {
    return this.#open.has(socket);
  }

  /** What is under way on a connection. */
  begunOn(socket: Duplex): Exchange | undefined {
    return this.#open.get(socket);
  }

  begin(socket: Socket, begun: Exchange, outgoing: ServerResponse): void {
    this.#open.set(socket, begun);
    outgoing.once("close", () => {
      if (this.#open.get(socket) !== begun) return;
      this.#open.set(socket, undefined);
      if (this.#isStopping) socket.destroySoon();
    });
  }

  /** Closes the connections on which nothing is under way, now and when the last answer on one has been sent. */
  closeIdle(): void {
    this.#isStopping = true;
    const named = new Set([...this.#open.keys()].map((socket) => nameOf(socket as Socket)));
    for (const [socket, name] of this.#negotiating) if (!named.has(name)) socket.destroy();
    for (const [socket, begun] of this.#open) if (!begun) socket.destroy();
  }
}

/** The other end of a connection, of which there is one at a time. */
const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
