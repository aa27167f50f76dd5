import { connect } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { answerTo, headerOf, sendRaw } from "../../support/node/raw-http.ts";

/** A server of `http-handler.ts` on 127.0.0.1. */
export interface ServedHandler {
  readonly port: number;
  stop(): Promise<void>;
}

/** Request targets, and the path that the worker sees in the request's URL. */
export const TARGETS: readonly (readonly [string, string])[] = [
  ["/", "/"],
  ["/a/%2e%2e/b", "/a/%2e%2e/b"],
  ["/a/%2E/b", "/a/%2E/b"],
  ["/a/../b", "/a/../b"],
  ["/..", "/.."],
  ["/.%2e/b?c=../d", "/.%2e/b?c=../d"],
  ["//x//y", "//x//y"],
  ["//evil.test/x", "//evil.test/x"],
  ["/a\\b", "/a\\b"],
  ["/\\x", "/\\x"],
  ["/a%2fb%5Cc%00", "/a%2fb%5Cc%00"],
  ["/a%", "/a%"],
  ["/a%zz", "/a%zz"],
  ["/a?", "/a?"],
  ["/a?b?c", "/a?b?c"],
  ["/a#fragment", "/a"],
  ["/?a#b", "/?a"],
  ["/a|b^c{d}\"e'f[g]", "/a|b^c{d}\"e'f[g]"],
  ["/?`'|{}^", "/?`'|{}^"],
  ["http://other.test/p?q=1", "/p?q=1"],
  ["http://other.test", "/"],
  ["HTTPS://Other.TEST:81/p", "/p"],
  ["*", "*"],
];

/** Bytes of a head, and the status with which it is refused before the worker sees it. */
const REFUSED: readonly (readonly [string, string, number])[] = [
  ["a target that is not UTF-8", "GET /caf\u00e9 HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a tab in the target", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a NUL in the target", "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a DEL in the target", "GET /a\x7fb HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["an angle bracket in the path", "GET /a<b HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a backtick in the path", "GET /a`b HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a quote in the query", 'GET /?a"b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ["no path but a query", "GET ?x HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["no host in an absolute target", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a missing Host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  ["a missing Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", 400],
  ["an empty Host", "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", 400],
  ["a space before a colon", "GET / HTTP/1.1\r\nHost: a\r\nX-A : 1\r\n\r\n", 400],
  ["a NUL in a header", "GET / HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n\r\n", 400],
  ["a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX-A: a\r\n b\r\n\r\n", 400],
  ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", 400],
  ["a length that is no number", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\nab", 400],
  ["an unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501],
  ["a method in lower case", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501],
  ["TLS", "\x16\x03\x01\x02\0\x01\0\r\n\r\n", 400],
  ["another version", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", 400],
];

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n${more}\r\n`;
const head = (path: string) => get(path).replace("GET", "HEAD");

function post(path: string, body: string, more = `Content-Length: ${body.length}\r\n`): string {
  return `POST ${path} HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n${more}\r\n${body}`;
}

/** Bodies of which four bytes arrive before the connection is half-closed. */
const CUT: readonly (readonly [string, string])[] = [
  ["that is cut", post("/size", "half", "Content-Length: 8\r\n")],
  ["whose chunks are cut", post("/size", "4\r\nhalf\r\n", "Transfer-Encoding: chunked\r\n")],
  ["whose chunks are malformed", post("/size", "4\r\nhalf\r\nzz\r\n", "Transfer-Encoding: chunked\r\n")],
];

/** Declares the tests of HTTP. */
export function httpSuite(serve: () => Promise<ServedHandler>): void {
  let served: ServedHandler;
  let port: number;
  beforeAll(async () => {
    served = await serve();
    ({ port } = served);
  });
  afterAll(() => served.stop());

  const seen = async (request: string) =>
    JSON.parse((await answerTo(port, request)).body.toString()) as {
      url: string;
      method: string;
      headers: [string, string][];
    };
  const happened = async () => JSON.parse((await answerTo(port, get("/happened"))).body.toString()) as string[];

  test.each(TARGETS)("the target %s is in the request's URL as %s", async (target, path) => {
    expect((await seen(get(target))).url).toBe(`http://edge.test${path}`);
  });

  test.each([
    "A.TEST",
    "a.test:80",
    "[0:0:0:0:0:0:0:1]:8787",
    "a/b",
    "u@b",
    "a?b#c",
    "a b",
    "127.1",
    "a:99999",
    "[::1",
  ])("the host %s is in the request's URL as it was sent", async (host) => {
    expect((await seen(get("/x").replace("edge.test", host))).url).toBe(`http://${host}/x`);
  });

  test("two hosts are a list", async () => {
    const { url, headers } = await seen(get("/x", "Host: b.test\r\n"));
    expect(url).toBe("http://edge.test, b.test/x");
    expect(headers).toContainEqual(["host", "edge.test, b.test"]);
  });

  test.each(REFUSED)("%s is refused before the worker sees it", async (_, request, status) => {
    const answer = await answerTo(port, request);
    expect(answer).toMatchObject({ status, isWhole: true });
  });

  test.each(["OPTIONS", "TRACE", "PURGE", "PATCH", "QUERY", "DELETE"])(
    "the method %s reaches the worker",
    async (method) => {
      expect((await seen(get("/x").replace("GET", method))).method).toBe(method);
    },
  );

  test("headers that come twice are a list, and empty ones are there", async () => {
    const more = "X-A: 1\r\nX-A: 2\r\nAuthorization: a\r\nAuthorization: b\r\nRange: c\r\nRange: d\r\nX-B:\r\n";
    const { headers } = await seen(get("/x", more));
    expect(headers).toEqual([
      ["authorization", "a, b"],
      ["connection", "close"],
      ["host", "edge.test"],
      ["range", "c, d"],
      ["x-a", "1, 2"],
      ["x-b", ""],
    ]);
  });

  test.each([
    ["/string", "5", "hello"],
    ["/bytes", "5", "hello"],
    ["/empty", "0", ""],
    ["/none", "0", ""],
    ["/none-declared", "0", ""],
    ["/coded", "3", "\x01\x02\x03"],
    ["/large", "3000000", "a".repeat(3_000_000)],
    ["/streamed", undefined, "one, two, three"],
    ["/204", undefined, ""],
    ["/304", undefined, ""],
  ])("the answer of %s has the length %s", async (path, length, body) => {
    const answer = await answerTo(port, get(path));
    expect(answer.isWhole).toBe(true);
    expect(headerOf(answer, "content-length")).toBe(length);
    expect(answer.body.equals(Buffer.from(body, "latin1"))).toBe(true);
  });

  test.each([
    ["/string", "5"],
    ["/bytes", "5"],
    ["/none", undefined],
    ["/none-declared", "5"],
    ["/large", "3000000"],
    ["/streamed", undefined],
  ])("HEAD of %s has the length %s and no body", async (path, length) => {
    const answer = await answerTo(port, head(path));
    expect(headerOf(answer, "content-length")).toBe(length);
    expect(answer).toMatchObject({ status: 200, body: Buffer.alloc(0) });
  });

  test("the reason phrase is the worker's", async () => {
    expect(await answerTo(port, get("/reason"))).toMatchObject({ status: 400, reason: "The name is taken" });
    expect(await answerTo(port, get("/204"))).toMatchObject({ status: 204, reason: "No Content" });
  });

  test("cookies are lines of their own, and other headers one line", async () => {
    const { headers } = await answerTo(port, get("/cookies"));
    expect(headers.filter(([name]) => name === "set-cookie" || name === "vary")).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["vary", "Accept, Range"],
    ]);
  });

  test("the worker does not decide about the connection", async () => {
    const answer = await answerTo(port, get("/connection"));
    expect(headerOf(answer, "connection")).toBe("close");
    expect(headerOf(answer, "keep-alive")).toBeUndefined();
  });

  test("an answer whose body fails is broken off, at whatever byte", async () => {
    const later = await answerTo(port, get("/fails-later"));
    expect(later).toMatchObject({ isWhole: false, body: Buffer.from("one, two, ") });
    expect(await sendRaw(port, get("/fails-at-once"))).toEqual([]);
  });

  test("a handler that throws is answered with 500", async () => {
    expect(await answerTo(port, get("/throws"))).toMatchObject({ status: 500, reason: "Internal Server Error" });
  });

  test("the body is cancelled when the client leaves", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.write(get("/endless"));
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    await vi.waitFor(async () => expect(await happened()).toEqual(["the endless body was cancelled"]), 10_000);
  });

  test.each([
    ["a length", (body: string) => post("/size", body)],
    [
      "chunks",
      (body: string) => {
        const parts = body.match(/[^]{1,70001}/g) ?? [];
        const chunks = parts.map((part) => `${part.length.toString(16)};x=1\r\n${part}\r\n`).join("");
        return post("/size", `${chunks}0\r\nTrailer: x\r\n\r\n`, "Transfer-Encoding: chunked\r\n");
      },
    ],
  ])("a body with %s reaches the worker whole", async (_, request) => {
    const body = Array.from({ length: 3_000_000 }, (__, at) => String.fromCharCode((at * 7) % 251)).join("");
    let sum = 0;
    for (let at = 0; at < body.length; at += 1) sum = (sum * 31 + body.charCodeAt(at)) % 1_000_003;
    const answer = await answerTo(port, request(body));
    expect(JSON.parse(answer.body.toString())).toEqual({ size: body.length, sum });
  });

  test.each(CUT)("a body %s breaks off for the worker, whose answer is sent", async (_, request) => {
    const answer = await answerTo(port, request, { cut: true });
    expect(answer).toMatchObject({ status: 400, isWhole: true, body: Buffer.from("broke off after 4 bytes\n") });
    expect(await happened()).toEqual(["a request's body broke off"]);
  });

  test.each(CUT)("the answer that does not read a body %s is sent at once", async (_, cut) => {
    const begun = Date.now();
    const answer = await answerTo(port, cut.replace("/size", "/refused"), { cut: true });
    expect(answer).toMatchObject({ status: 401, isWhole: true, body: Buffer.from("refused") });
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  test("a reader may give its own memory", async () => {
    expect((await answerTo(port, post("/first-3", "abcdef"))).body.toString()).toBe("abc");
    expect((await answerTo(port, post("/first-3", ""))).body.toString()).toBe("");
  });

  test("a client that waits for 100 gets it when its body is read", async () => {
    const request = post("/size", "ab", "Expect: 100-continue\r\nContent-Length: 2\r\n");
    expect((await sendRaw(port, request)).map(({ status }) => status)).toEqual([100, 200]);
  });

  test("a client that waits for 100 gets none where its body is not read", async () => {
    const request = post("/refused", "", "Expect: 100-continue\r\nContent-Length: 2\r\n").replace(
      "Connection: close\r\n",
      "",
    );
    expect((await sendRaw(port, request)).map(({ status }) => status)).toEqual([401]);
  });

  test("a body that is not read does not stand in the next request's way", async () => {
    const first = post("/unread", "some bytes").replace("Connection: close\r\n", "");
    expect((await sendRaw(port, first + get("/string"))).map(({ body: each }) => each.toString())).toEqual([
      "unread",
      "hello",
    ]);
  });

  test("requests that come together are answered in their order", async () => {
    const one = get("/streamed").replace("Connection: close\r\n", "");
    expect((await sendRaw(port, one + get("/string"))).map(({ body }) => body.toString())).toEqual([
      "one, two, three",
      "hello",
    ]);
  });
}
