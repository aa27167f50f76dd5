import { afterEach, expect, test } from "vitest";
import { serveHttp, type HttpServer } from "../../../server/http/serve-http.ts";
import { sendRaw } from "../../support/node/raw-http.ts";

let server: HttpServer | undefined;
afterEach(() => server?.stop());

/** A server that answers with each request's path and body, and the requests that its handler was given. */
async function serve() {
  const handled: string[] = [];
  server = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    report: () => undefined,
    async handler(request) {
      const path = new URL(request.url).pathname;
      const body = await request.text().catch(() => "broke off");
      // Requests that were answered side by side would end in another order.
      if (path === "/slow") await new Promise((resolve) => setTimeout(resolve, 50));
      handled.push(`${path} ${body}`);
      return new Response(`${path} ${body}`);
    },
  });
  return { port: server.port, handled };
}

const NEXT = "GET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const post = (headers: string, body: string, version = "1.1") =>
  `POST /a HTTP/${version}\r\nHost: a\r\n${headers}\r\n\r\n${body}${NEXT}`;

const CHUNKED = "Transfer-Encoding: chunked";

test.each([
  ["a length and chunks", post(`Content-Length: 5\r\n${CHUNKED}`, "0\r\n\r\n"), 400],
  ["chunks and a length", post(`${CHUNKED}\r\nContent-Length: 5`, "0\r\n\r\n"), 400],
  ["two lengths", post("Content-Length: 2\r\nContent-Length: 3", "abc"), 400],
  ["one length twice", post("Content-Length: 2\r\nContent-Length: 2", "ab"), 400],
  ["a list of lengths", post("Content-Length: 2, 2", "ab"), 400],
  ["an empty length", post("Content-Length:", ""), 400],
  ["a negative length", post("Content-Length: -1", "ab"), 400],
  ["a length in hexadecimal", post("Content-Length: 0x2", "ab"), 400],
  ["a length that is too large", post(`Content-Length: ${"9".repeat(23)}`, "ab"), 400],
  ["chunks twice", post(`${CHUNKED}\r\n${CHUNKED}`, "0\r\n\r\n"), 400],
  ["chunks that are not the last coding", post(`${CHUNKED}, gzip`, "0\r\n\r\n"), 400],
  ["another coding before chunks", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), 501],
  ["an unknown coding", post("Transfer-Encoding: xchunked", "0\r\n\r\n"), 501],
  ["the coding identity", post("Transfer-Encoding: identity", ""), 501],
  ["a control before the coding", post("Transfer-Encoding: \x0bchunked", "0\r\n\r\n"), 400],
  ["a space before the colon", post("Transfer-Encoding : chunked\r\nContent-Length: 5", "0\r\n\r\n"), 400],
  ["a folded coding", post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"), 400],
  ["chunks of HTTP/1.0", post(`${CHUNKED}\r\nConnection: keep-alive`, "0\r\n\r\n", "1.0"), 400],
  ["a folded header", `GET /a HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n${NEXT}`, 400],
  ["a folded first header", `GET /a HTTP/1.1\r\n Host: a\r\n\r\n${NEXT}`, 400],
  ["a bare LF after the request line", `GET /a HTTP/1.1\nHost: a\r\n\r\n${NEXT}`, 400],
  ["a bare LF after a header", `GET /a HTTP/1.1\r\nHost: a\nX: b\r\n\r\n${NEXT}`, 400],
  ["a bare LF after the header", `GET /a HTTP/1.1\r\nHost: a\r\n\n${NEXT}`, 400],
  ["a bare CR in a header", `GET /a HTTP/1.1\r\nHost: a\rX: b\r\n\r\n${NEXT}`, 400],
  ["a line that is no header", `GET /a HTTP/1.1\r\nHost: a\r\nX\r\n\r\n${NEXT}`, 400],
  ["no version", `GET /a\r\n\r\n${NEXT}`, 400],
  ["the preface of HTTP/2", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${NEXT}`, 400],
  ["an unknown expectation", post("Expect: 200-maybe\r\nContent-Length: 2", "ab"), 417],
  ["an unknown expectation beside 100", post("Expect: 100-continue, x\r\nContent-Length: 2", "ab"), 417],
  ["an address that is too long", `GET /${"a".repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`, 414],
])("%s is refused, the handler gets nothing, and the connection is closed", async (_, request, status) => {
  const { port, handled } = await serve();
  expect((await sendRaw(port, request)).map((answer) => answer.status)).toEqual([status]);
  expect(handled).toEqual([]);
});

test.each([
  ["a bare LF after a chunk's size", "2\nab\r\n0\r\n\r\n"],
  ["a bare LF after a chunk's extension", "2;a\nab\r\n0\r\n\r\n"],
  ["a chunk that is longer than its size", "2\r\nabXX0\r\n\r\n"],
  ["a size with a prefix", "0x2\r\nab\r\n0\r\n\r\n"],
  ["a size that is too large", `${"f".repeat(17)}\r\nab\r\n0\r\n\r\n`],
  ["a length among the trailers", "2\r\nab\r\n0\r\nContent-Length: 99\r\n\r\n"],
])("%s breaks the body off, and the connection is closed", async (_, body) => {
  const { port, handled } = await serve();
  expect(await sendRaw(port, post(CHUNKED, body))).toHaveLength(1);
  expect(handled).toEqual(["/a broke off"]);
});

test.each([
  ["chunks in capitals", post("Transfer-Encoding: CHUNKED", "2\r\nab\r\n0\r\n\r\n")],
  ["chunks with extensions", post(CHUNKED, '2;a="b"\r\nab\r\n0\r\n\r\n')],
  ["a length", post("Content-Length: 2", "ab")],
])("a request with %s is read to its end, and the next one is answered", async (_, request) => {
  const { port } = await serve();
  expect((await sendRaw(port, request)).map(({ body }) => body.toString())).toEqual(["/a ab", "/smuggled "]);
});

test("fifty requests that come together are handled one after the other, and answered in their order", async () => {
  const { port, handled } = await serve();
  const paths = Array.from({ length: 50 }, (_, at) => (at % 10 === 0 ? "/slow" : `/${at}`));
  const requests = paths.map((path) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab`);
  const answers = await sendRaw(port, requests.join("") + NEXT);
  const expected = [...paths.map((path) => `${path} ab`), "/smuggled "];
  expect(answers.map(({ body }) => body.toString())).toEqual(expected);
  expect(handled).toEqual(expected);
});

test("what stands behind a request that closes the connection is not handled", async () => {
  const { port, handled } = await serve();
  const answers = await sendRaw(port, `GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${NEXT}`);
  expect([answers.length, handled]).toEqual([1, ["/slow "]]);
});

test("a body that is whole stays whole where no request stands behind it", async () => {
  const { port } = await serve();
  const slow = "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
  expect((await sendRaw(port, `${slow}no request\r\n\r\n`)).map(({ body }) => body.toString())).toEqual(["/slow ab"]);
});

test("a client of HTTP/1.0 is sent no 100", async () => {
  const { port } = await serve();
  const request = "POST /a HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab";
  expect((await sendRaw(port, request)).map(({ status }) => status)).toEqual([200]);
});

test("a request for another protocol is answered, and its connection closed", async () => {
  const { port, handled } = await serve();
  const request = `GET /a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n${NEXT}`;
  expect((await sendRaw(port, request)).map(({ status }) => status)).toEqual([200]);
  expect(handled).toEqual(["/a "]);
});
