import { performServerHandshake, type ServerHttp2Session } from "node:http2";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { SECOND } from "../../worker/duration.ts";
import type { Times } from "../http/times.ts";
import { memoryConnection } from "./memory-connection.ts";
import { SESSION_LIMITS } from "./session-limits.ts";
import { exchangeOverStream } from "./stream-exchange.ts";

/** For a client to close its side of a connection, once it was told that the session has ended. Milliseconds. */
const CLOSING = SECOND;

interface Open {
  readonly session: ServerHttp2Session;
  readonly socket: TLSSocket;
  /** How many have not ended. */
  streams: number;
}

/** Connections on which HTTP/2 is spoken. */
export class Sessions {
  readonly #open = new Set<Open>();
  readonly #serve: (connection: Duplex) => void;
  readonly #times: Times;

  /** @param serve takes a connection on which HTTP/1.1 is spoken: each stream becomes one */
  constructor(serve: (connection: Duplex) => void, times: Times) {
    this.#serve = serve;
    this.#times = times;
  }

  /** Begins a session on a connection whose client has agreed on `h2`. */
  begin(socket: TLSSocket): void {
    const { keepAlive, taking } = this.#times;
    const { remoteAddress, remotePort } = socket;
    const session = performServerHandshake(socket, SESSION_LIMITS);
    const open: Open = { session, socket, streams: 0 };
    // Frames without a stream, such as PING, keep no session open.
    const idle = setTimeout(() => {
      if (open.streams === 0) end(open);
    }, keepAlive).unref();
    const connect = () => {
      const connection = memoryConnection({ remoteAddress, remotePort });
      this.#serve(connection.server);
      return connection;
    };
    this.#open.add(open);
    session.on("error", () => undefined);
    session.once("close", () => {
      clearTimeout(idle);
      this.#open.delete(open);
    });
    session.on("stream", (stream, _headers, _flags, fields) => {
      open.streams += 1;
      stream.once("close", () => {
        open.streams -= 1;
        if (session.closed && open.streams === 0) end(open);
        else idle.refresh();
      });
      stream.on("error", () => undefined);
      // Behind all frames that have come with it: a flood of streams that are reset at once costs little.
      setImmediate(() => exchangeOverStream(stream, fields, { connect, taking }));
    });
  }

  /** Says with GOAWAY that no more streams are taken. Each session is closed once its last stream has ended. */
  closeIdle(): void {
    for (const open of this.#open) {
      if (open.streams === 0) end(open);
      else open.session.close();
    }
  }

  /** Closes all sessions, and resets their streams. */
  destroy(): void {
    for (const { session, socket } of this.#open) {
      session.destroy();
      socket.destroy();
    }
  }
}

/** A client that still sends learns from GOAWAY which of its requests it may send again. */
function end({ session, socket }: Open): void {
  session.close();
  setTimeout(() => socket.destroy(), CLOSING).unref();
}
