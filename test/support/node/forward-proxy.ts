import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

/** A proxy between pypi-edge and its upstream, which knows where every host is. */
export class ForwardProxy {
  /** What it was asked for: method and target. */
  readonly asked: string[] = [];
  /** The ports of loopback at which it finds what clients ask for: over TLS, and in plain http. */
  readonly #ports: { readonly https: number; readonly http: number };
  readonly #credentials: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @param credentials `user:password` as an address has it, without which it answers 407; empty: it needs none */
  constructor(ports: { readonly https: number; readonly http: number }, credentials = "") {
    this.#ports = ports;
    this.#credentials = credentials;
    this.#server = createServer((request, response) => this.#pass(request, response));
    this.#server.on("connect", (request: IncomingMessage, socket: Socket) => this.#tunnel(request, socket));
  }

  /** Takes requests on a free port, and returns its address with these credentials in it. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const { port } = this.#server.address() as AddressInfo;
    return `http://${this.#credentials && `${this.#credentials}@`}127.0.0.1:${port}`;
  }

  /** Refuses connections from here on, and cuts the open ones. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #isAllowed({ method, url, headers }: IncomingMessage): boolean {
    this.asked.push(`${method} ${url}`);
    const expected = `Basic ${Buffer.from(decodeURIComponent(this.#credentials)).toString("base64")}`;
    return this.#credentials === "" || headers["proxy-authorization"] === expected;
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = "" } = request;
    const target = URL.parse(url);
    if (!this.#isAllowed(request)) return void response.writeHead(407).end();
    if (!target) return void response.writeHead(400).end();
    const { "proxy-authorization": _, ...headers } = request.headers;
    const path = target.pathname + target.search;
    const passed = ask({ host: "127.0.0.1", port: this.#ports.http, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  }

  #tunnel(request: IncomingMessage, socket: Socket): void {
    if (!this.#isAllowed(request)) return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    const upstream = connect(this.#ports.https, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(upstream).pipe(socket);
    });
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => other.destroy()).on("close", () => this.#sockets.delete(one));
    }
  }
}
