import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import { endedWithin } from "../ended-within.ts";
import { clientAddressBehind, UNIX_PEER, type ClientAddress } from "./client-address.ts";
import type { Certificate } from "./certificate.ts";
import { Sessions } from "../http2/sessions.ts";
import { Connections, isHttp2 } from "./connections.ts";
import { exchange, type ExchangeParts, type Handler } from "./exchange.ts";
import { listen, type Listener, type ListeningAt } from "./listen.ts";
import { Negotiating } from "./negotiating.ts";
import { MAX_HEADERS, MAX_TARGET, refusalFor, refuse } from "./refuse.ts";
import type { FileOf } from "./send.ts";
import { TIMES, type Times } from "./times.ts";

export interface HttpOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Takes the place of host and port. */
  readonly listener?: Listener | undefined;
  /** Where it is given, the server speaks TLS, and HTTP/2 with the clients that do. */
  readonly certificate?: Certificate | undefined;
  readonly handler: Handler;
  readonly fileOf?: FileOf;
  /** Where it is left out, no proxy is trusted. */
  readonly clientAddress?: ClientAddress;
  /** Takes what the handler, an answer's body or work after an answer has thrown. */
  readonly report: (error: unknown) => void;
  readonly times?: Times;
}

export interface HttpServer extends ListeningAt {
  /** Uses another certificate for new connections. */
  renew(certificate: Certificate): void;
  /** Takes no more requests, and resolves when all that was begun has ended, or been broken off after `times.lastAnswers`. */
  stop(): Promise<void>;
}

/** Turns of the event loop in which a stop takes what has reached the system, but not yet this process. */
const TURNS = 4;

const pairOf = ({ cert, key }: Certificate) => ({ cert, key });

/**
 * Serves a handler over HTTP/1.1, as workerd does: the same URLs, refusals and lengths. With a certificate also over HTTP/2.
 *
 * @throws Error whose message is a sentence, where it cannot listen
 */
export async function serveHttp({
  host,
  port,
  listener,
  certificate,
  handler,
  report,
  fileOf = () => undefined,
  clientAddress = clientAddressBehind([]),
  times = TIMES,
}: HttpOptions): Promise<HttpServer> {
  const working = new Set<Promise<unknown>>();
  let isStopping = false;
  let isUnix = false;

  const waitUntil = (work: Promise<unknown>) => {
    const settled = work.catch(report).finally(() => working.delete(settled));
    working.add(settled);
  };
  const parts: ExchangeParts = {
    handler,
    fileOf,
    scheme: certificate ? "https" : "http",
    clientAddress: (peer, forwarded) => clientAddress(isUnix ? UNIX_PEER : peer, forwarded),
    report,
    bodyTime: times.body,
    tools: { waitUntil },
    mayStay: () => !isStopping,
  };

  const settings: ServerOptions = {
    maxHeaderSize: MAX_TARGET + MAX_HEADERS,
    headersTimeout: times.header,
    connectionsCheckingInterval: times.check,
    // The time of a whole request is not limited.
    requestTimeout: 0,
    keepAliveTimeout: times.keepAlive,
    // The worker's own answer is given, as to an empty one.
    requireHostHeader: false,
  };
  const tlsServer =
    certificate &&
    createTlsServer({
      ...settings,
      ...pairOf(certificate),
      handshakeTimeout: times.header,
      ALPNProtocols: ["h2", "http/1.1"],
    });
  const server: Server = tlsServer ?? createServer(settings);
  const sessions = tlsServer && takeSessions(tlsServer, times);
  const negotiating = tlsServer && new Negotiating(tlsServer);
  const connections = new Connections(server);
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse) =>
    connections.inTurn(incoming.socket, outgoing, () => exchange(incoming, outgoing, parts));
  server.timeout = times.taking;
  server.on("timeout", (socket: Socket) => connections.silent(socket, times));
  // Beyond this number, Node would drop headers and say nothing. Their size is limited.
  server.maxHeadersCount = 0;
  server.on("request", onRequest);
  server.on("checkContinue", onRequest);
  server.on("checkExpectation", onRequest);
  server.on("connect", (_, socket: Duplex) => refuse(socket, 501));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const begun = connections.begunOn(socket);
    if (begun) begun.break(error);
    // Where TLS was not agreed on, nothing can be said. Proxies open connections before they have a request, and would
    // take a refusal for the answer to it.
    else if (!connections.has(socket) || socket.bytesRead === 0) socket.destroy();
    else refuse(socket, refusalFor(error));
  });

  const at = await listen(server, host, port, listener);
  isUnix = at.port === 0;
  return {
    ...at,
    renew: (renewed) => tlsServer?.setSecureContext(pairOf(renewed)),
    async stop() {
      isStopping = true;
      // Requests that clients have sent by now are answered: their connections are accepted in one turn and read in the next.
      for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
      const closed = new Promise((resolve) => server.close(resolve));
      negotiating?.close();
      sessions?.closeIdle();
      connections.closeIdle();
      await endedWithin(times.lastAnswers, [closed.then(() => Promise.allSettled(working))]);
      sessions?.destroy();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Gives connections on which HTTP/2 was agreed on to sessions, whose streams come back as connections of HTTP/1.1. */
function takeSessions(server: TlsServer, times: Times): Sessions {
  const sessions = new Sessions((connection) => server.emit("secureConnection", connection), times);
  const serveHttp1 = server.listeners("secureConnection");
  server.removeAllListeners("secureConnection");
  server.on("secureConnection", (socket: TLSSocket) => {
    if (isHttp2(socket)) sessions.begin(socket);
    else for (const serve of serveHttp1) serve.call(server, socket);
  });
  return sessions;
}
