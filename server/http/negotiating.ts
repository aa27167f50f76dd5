import type { Socket } from "node:net";
import type { Server as TlsServer, TLSSocket } from "node:tls";

/** Connections on which TLS may still be negotiated. */
export class Negotiating {
  /** With their names: the socket that requests come from is another one. */
  readonly #begun = new Map<Socket, string>();
  readonly #agreed = new Map<TLSSocket, string>();

  constructor(server: TlsServer) {
    server.on("connection", (socket: Socket) => remember(this.#begun, socket));
    server.on("secureConnection", (socket) => remember(this.#agreed, socket));
  }

  /** Closes those on which TLS was not agreed on yet. */
  close(): void {
    const agreed = new Set(this.#agreed.values());
    for (const [socket, name] of this.#begun) if (!agreed.has(name)) socket.destroy();
  }
}

function remember<S extends Socket>(sockets: Map<S, string>, socket: S): void {
  sockets.set(socket, nameOf(socket));
  socket.once("close", () => sockets.delete(socket));
}

/** The other end of a connection, of which there is one at a time. */
const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
