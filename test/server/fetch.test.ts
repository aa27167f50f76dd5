import type { FetchInit } from "../../worker/platform/platform.ts";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Fetcher, openFetch } from "../../server/fetch/fetch.ts";
import { proxiesIn } from "../../server/proxies/proxies.ts";

const servers: Server[] = [];
const fetchers: Fetcher[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const fetcher of fetchers.splice(0)) await fetcher.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(listener);
  servers.push(server);
  const connections: Socket[] = [];
  server.on("connection", (socket: Socket) => connections.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, connections, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

function opened(options: Parameters<typeof openFetch>[0] = {}): Fetcher["fetch"] {
  const fetcher = openFetch(options);
  fetchers.push(fetcher);
  return fetcher.fetch;
}

const to = (url: string, init: Partial<FetchInit> = {}) =>
  [new URL(url), { method: "GET", headers: {}, redirect: "manual", ...init }] as const;

const textAt = async (fetched: Fetcher["fetch"], url: string) => new Response((await fetched(...to(url))).body).text();

test("requests beyond the limit of connections wait, and none fails", async () => {
  let [active, most] = [0, 0];
  const { url, connections } = await serve((_, response) => {
    most = Math.max(most, ++active);
    setTimeout(() => {
      active--;
      response.end("x");
    }, 5);
  });
  const fetched = opened({ connections: 3 });
  const bodies = await Promise.all(Array.from({ length: 20 }, () => textAt(fetched, url)));
  expect(bodies).toEqual(Array.from({ length: 20 }, () => "x"));
  expect([most, connections.length]).toEqual([3, 3]);
});

test("a small body that is not wanted leaves its connection usable, a large one does not", async () => {
  const sizes = [10, 10, 10_000_000, 10];
  const { url, connections } = await serve((_, response) => response.end(Buffer.alloc(sizes.shift() ?? 0)));
  const fetched = opened({ connections: 1 });
  const seen: number[] = [];
  for (let nth = 0; nth < 4; nth++) {
    const { body } = await fetched(...to(url));
    await body?.cancel();
    seen.push(connections.length);
  }
  expect(seen).toEqual([1, 1, 1, 2]);
});

test("a body of an answer that can have none is not read for ever", async () => {
  let closed: Promise<unknown> | undefined;
  const { url } = await serve((_, response) => {
    closed = once(response, "close");
    response.writeHead(205);
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(16_384)));
    };
    response.on("drain", more);
    more();
  });
  const { status, body } = await opened()(...to(url));
  expect([status, body]).toEqual([205, null]);
  await closed;
});

test("a request that is given up while others use all connections is not sent, and ends at once", async () => {
  const asked: string[] = [];
  const held: ServerResponse[] = [];
  const { url } = await serve((request, response) => {
    asked.push(request.url ?? "");
    held.push(response);
  });
  const fetched = opened({ connections: 1 });
  const first = textAt(fetched, `${url}first`);
  await vi.waitUntil(() => held.length === 1);
  const abort = new AbortController();
  const second = fetched(...to(`${url}second`, { signal: abort.signal }));
  abort.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
  held[0]?.end("x");
  expect(await first).toBe("x");
  const third = textAt(fetched, `${url}third`);
  await vi.waitUntil(() => held.length === 2);
  held[1]?.end("y");
  expect([await third, asked]).toEqual(["y", ["/first", "/third"]]);
});

test("a body can be given up by the request's signal", async () => {
  const { url } = await serve((_, response) => {
    response.writeHead(200);
    response.write("x");
  });
  const abort = new AbortController();
  const { body } = await opened()(...to(url, { signal: abort.signal }));
  const reader = body?.getReader();
  await reader?.read();
  abort.abort(new Error("enough"));
  await expect(reader?.read()).rejects.toThrow("enough");
});

test.each([
  ["no HTTP", "SSH-2.0-x\r\n", "its answer is not HTTP"],
  [
    "too many headers",
    `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}\r\n\r\n`,
    "the headers of its answer are larger than 64 KiB",
  ],
])("an answer with %s is refused in plain words", async (_what, answer, sentence) => {
  const { url } = await serve(({ socket }) => void socket.write(answer));
  await expect(opened()(...to(url))).rejects.toThrow(sentence);
});

test("a server that does not speak TLS is told of in plain words, without OpenSSL's own", async () => {
  const { url } = await serve((_, response) => response.end("x"));
  await expect(opened()(...to(url.replace("http:", "https:")))).rejects.toThrow(
    /^it does not speak TLS there: [^\n]*$/,
  );
});

test("the reader of a body sets its pace", async () => {
  let written = 0;
  const { url } = await serve((_, response) => {
    const more = () => {
      if (response.destroyed || written > 200_000_000) return;
      written += 1_000_000;
      response.write(Buffer.alloc(1_000_000), more);
    };
    more();
  });
  const { body } = await opened()(...to(url));
  const reader = body?.getReader();
  await reader?.read();
  await new Promise((resolve) => setTimeout(resolve, 200));
  // What the sockets of both sides hold, and what is read ahead.
  expect(written).toBeLessThan(50_000_000);
  await reader?.cancel();
});

test("HTTP_PROXY gets whole addresses, HTTPS_PROXY tunnels, and NO_PROXY is asked directly", async () => {
  const { url } = await serve((_, response) => response.end("direct"));
  const asked: string[] = [];
  const proxy = await serve((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"]}`);
    response.end("by proxy");
  });
  proxy.server.on("connect", (request: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    const upstream = connect(Number(new URL(url).port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  vi.stubEnv("http_proxy", proxy.url.replace("//", "//user:secret@"));
  vi.stubEnv("https_proxy", proxy.url);
  vi.stubEnv("no_proxy", "127.0.0.1");
  const fetched = opened({ proxyFor: proxiesIn(process.env) });
  expect(await textAt(fetched, "http://index.test/simple/")).toBe("by proxy");
  expect(await textAt(fetched, url)).toBe("direct");
  // No TLS is spoken at the other end of the tunnel.
  await expect(fetched(...to("https://index.test/simple/"))).rejects.toThrow(Error);
  expect(asked).toEqual([
    `GET http://index.test/simple/ Basic ${Buffer.from("user:secret").toString("base64")}`,
    "CONNECT index.test:443",
  ]);
});

describe("a proxy that does not let a request through", () => {
  const PASSWORD = "s3cret%2F";

  /** What a request says that goes through a proxy at this address. */
  async function saidBy(proxy: string, url: string): Promise<string> {
    const at = new URL(proxy);
    at.username = "user";
    at.password = PASSWORD;
    const proxyFor = proxiesIn({ HTTP_PROXY: at.href, HTTPS_PROXY: at.href });
    const error: unknown = await opened({ proxyFor })(...to(url)).catch((thrown: unknown) => thrown);
    return `${String(error)} ${error instanceof Error ? String(error.cause) : ""}`.replace(at.host, "HOST");
  }

  async function refusing(status: number): Promise<string> {
    const { server, url } = await serve((_, response) => response.writeHead(status).end("no"));
    server.on("connect", (_, socket: Socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
    return url;
  }

  test.each(["http://index.test/", "https://index.test/"])("is named, without its password: %s", async (url) => {
    const { server, url: gone } = await serve(() => undefined);
    server.close();
    const { server: silent, url: closing } = await serve((request) => void request.socket.destroy());
    silent.on("connect", (_, socket: Socket) => void socket.destroy());
    const said = [
      await saidBy(gone, url),
      await saidBy("http://no-such-proxy.invalid:3128/", url),
      await saidBy(closing, url),
      await saidBy(await refusing(407), url),
    ];
    expect(said).toEqual([
      expect.stringContaining("the proxy HOST refuses the connection"),
      expect.stringContaining("the proxy HOST has a name that cannot be resolved"),
      expect.stringContaining("the proxy HOST has closed the connection"),
      expect.stringContaining("the proxy HOST does not accept its user and password (it answered 407)"),
    ]);
    expect(said.join()).not.toMatch(/s3cret|Basic/);
  });

  test("is named with the status of its refusal to tunnel", async () => {
    expect(await saidBy(await refusing(403), "https://index.test/")).toContain(
      "the proxy HOST does not let the request through (it answered 403)",
    );
  });
});
