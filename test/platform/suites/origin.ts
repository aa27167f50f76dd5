import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";

/** What every encoded answer has in it. */
export const TEXT = "hello ".repeat(1_000);

/** Bytes of all values, in no simple order. */
export const BYTES = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff);

const head = (...lines: readonly string[]) => Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
const whole = (body: Uint8Array, ...lines: readonly string[]) =>
  Buffer.concat([head("HTTP/1.1 200 OK", `Content-Length: ${body.length}`, ...lines), body]);
const encoded = (body: Uint8Array, coding: string) => whole(body, `Content-Encoding: ${coding}`);

const gzipped = gzipSync(TEXT);

/** The answers by path, byte by byte: most servers would not send them. The connection is closed after each. */
const ANSWERS: Readonly<Record<string, Uint8Array>> = {
  "/bytes": whole(BYTES),
  "/gzip": encoded(gzipped, "gzip"),
  "/gzip-twice": encoded(Buffer.concat([gzipped, gzipped]), "gzip"),
  "/br": encoded(brotliCompressSync(TEXT), "br"),
  "/deflate": encoded(deflateSync(TEXT), "deflate"),
  "/gzip-cut": encoded(gzipped.subarray(0, -5), "gzip"),
  "/gzip-not": encoded(Buffer.from("hello"), "gzip"),
  "/redirect": Buffer.concat([
    head("HTTP/1.1 302 Over There", "Location: /bytes?a=b", "Content-Length: 3"),
    Buffer.from("abc"),
  ]),
  "/cut": Buffer.concat([head("HTTP/1.1 200 OK", "Content-Length: 10"), Buffer.from("abc")]),
  "/longer": Buffer.concat([head("HTTP/1.1 200 OK", "Content-Length: 3"), Buffer.from("abcdef")]),
  "/chunked": head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "3", "abc", "2", "de", "0"),
  "/chunk-cut": Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nde"),
  "/no-last-chunk": Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
  "/until-closed": Buffer.concat([head("HTTP/1.1 200 OK"), Buffer.from("abc")]),
  "/no-length": head("HTTP/1.1 200 OK", "Content-Length: abc"),
  "/no-http": Buffer.from("SSH-2.0-x\r\n"),
  "/nothing": Buffer.from(""),
  "/translated": head(`HTTP/1.1 404 ${Buffer.from("見つかりません").toString("latin1")}`, "Content-Length: 0"),
  "/unheard-of": head("HTTP/1.1 999 Request denied", "Content-Length: 0"),
  "/none": head("HTTP/1.1 204 No Content"),
  "/unchanged": head("HTTP/1.1 304 Not Modified", 'ETag: "a"', "Content-Length: 55"),
  "/hints": Buffer.concat([head("HTTP/1.1 103 Early Hints", "Link: </x>"), whole(Buffer.from("ok"))]),
  "/headers": whole(
    new Uint8Array(),
    "X-Two: 1",
    "x-two: 2",
    `X-Long: ${"a".repeat(30_000)}`,
    `X-Spaced: \t ${Buffer.from("aà").toString("latin1")} \t`,
  ),
  "/validator": whole(new Uint8Array(), `ETag: ${Buffer.from('"é€"').toString("latin1")}`),
};

export interface Origin {
  readonly url: string;
  /** The requests so far, as they came, as Latin-1. */
  readonly requests: readonly string[];
  /** The connections that are open now. */
  readonly connections: ReadonlySet<Socket>;
  close(): Promise<void>;
}

/** A server on this machine with `ANSWERS`; `/silent` never answers, and `/endless` never ends. */
export async function startOrigin(): Promise<Origin> {
  const requests: string[] = [];
  const connections = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket)).on("error", () => undefined);
    let text = "";
    socket.on("data", (data) => {
      text += data.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
      if (end === -1 || text.length < end + 4 + length) return;
      requests.push(text);
      answer(socket, text);
      text = "";
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections,
    async close() {
      for (const socket of connections) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function answer(socket: Socket, request: string): void {
  const [method, target = ""] = request.split(" ");
  const [path = ""] = target.split("?");
  if (path === "/silent") return;
  if (path === "/endless") {
    const more = () => socket.write(Buffer.alloc(64 * 1024), () => setImmediate(more));
    socket.write(head("HTTP/1.1 200 OK"));
    if (!socket.destroyed) more();
    return;
  }
  const bytes = Buffer.from(ANSWERS[path] ?? head("HTTP/1.1 404 Not Found", "Content-Length: 0"));
  socket.end(method === "HEAD" ? bytes.subarray(0, bytes.indexOf("\r\n\r\n") + 4) : bytes);
}
