import { rmSync } from "node:fs";
import type { ClientHttp2Session } from "node:http2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCertificate } from "../../../server/http/certificate.ts";
import { serveHttp, type HttpServer } from "../../../server/http/serve-http.ts";
import { Authority, hasOpenssl } from "../../support/node/certificates.ts";
import { answerOverHttp2, openSession } from "../../support/node/over-http2.ts";
import { answerTo, type RawAnswer } from "../../support/node/raw-http.ts";
import handler from "./http-handler.ts";
import { TARGETS } from "./http-suite.ts";

/** Targets that HTTP/2 refuses by itself: they are no path. */
const isPath = ([target]: readonly [string, string]) => target.startsWith("/") && !target.includes("#");

const request = (method: string, path: string, more = "", body = "") =>
  `${method} ${path} HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n${more}\r\n${body}`;
const sized = (path: string, body: string) => request("POST", path, `Content-Length: ${body.length}\r\n`, body);
const long = (length: number) => "a".repeat(length);

const REQUESTS: readonly string[] = [
  ...TARGETS.filter(isPath).map(([target]) => request("GET", target)),
  ...["OPTIONS", "TRACE", "PURGE", "PATCH", "QUERY", "DELETE", "BREW", "get"].map((method) =>
    request(
      method,
      "/x",
      method === "PATCH" || method === "PURGE" || method === "QUERY" ? "Content-Length: 0\r\n" : "",
    ),
  ),
  ...["string", "bytes", "empty", "none", "none-declared", "204", "304", "coded", "large", "streamed"].flatMap(
    (name) => [request("GET", `/${name}`), request("HEAD", `/${name}`)],
  ),
  ...["cookies", "connection", "fails-later", "throws", "reason"].map((name) => request("GET", `/${name}`)),
  ...["A.TEST", "a.test:80", "127.1", "a:99999"].map((host) => request("GET", "/x").replace("edge.test", host)),
  request("GET", "/x", "X-A: 1\r\nX-A: 2\r\nX-B:\r\n"),
  request("GET", "/x", "Cookie: a=1; b=2\r\n"),
  request("GET", `/${long(16 * 1024)}`),
  request("GET", "/x", `X-A: ${long(33 * 1024)}\r\n`),
  request("GET", "/x", Array.from({ length: 900 }, (_, at) => `X-${at}: ${at}\r\n`).join("")),
  request("GET", "/a`b"),
  sized("/size", long(300_000)),
  sized("/first-3", "abcdef"),
  sized("/refused", "abcdef"),
  request("POST", "/size", "Expect: magic\r\nContent-Length: 2\r\n", "ab"),
];

describe.skipIf(!hasOpenssl())("over HTTP/2", () => {
  const authority = new Authority();
  const servers: HttpServer[] = [];
  let session: ClientHttp2Session;

  beforeAll(async () => {
    const common = { host: "127.0.0.1", port: 0, handler: handler.fetch, report: () => undefined };
    servers.push(await serveHttp(common));
    servers.push(await serveHttp({ ...common, certificate: await readCertificate(authority.issue("IP:127.0.0.1")) }));
    session = openSession(servers[1]?.port ?? 0);
  });
  afterAll(async () => {
    session.destroy();
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(authority.folder, { recursive: true });
  });

  test.each(REQUESTS.map((each) => [each.slice(0, 40), each]))("%j is answered as over HTTP/1.1", async (_, text) => {
    const expected = await answerTo(servers[0]?.port ?? 0, text);
    expect(comparable(await answerOverHttp2(session, text))).toEqual(comparable(expected));
  });

  test("a body without a length is whole", async () => {
    const answer = await answerOverHttp2(session, request("POST", "/size", "", long(300_000)));
    expect(JSON.parse(answer.body.toString())).toMatchObject({ size: 300_000 });
  });

  test("a client that waits for 100 gets it when its body is read", async () => {
    const stream = session.request({ ":method": "POST", ":path": "/size", expect: "100-continue" });
    await new Promise((resolve) => stream.once("continue", resolve));
    stream.end("ab");
    let body = "";
    for await (const chunk of stream) body += String(chunk);
    expect(JSON.parse(body)).toMatchObject({ size: 2 });
  });

  test("a Host that contradicts the authority is refused", async () => {
    const stream = session.request({ ":authority": "a.test", ":path": "/x", host: "b.test" });
    const status = new Promise((resolve) => stream.once("response", (head) => resolve(head[":status"])));
    stream.resume();
    expect(await status).toBe(400);
  });
});

const OF_THE_CONNECTION = new Set(["connection", "keep-alive", "transfer-encoding", "date"]);

/** Whether the handler tells the request's URL, which has another scheme in each. */
const isTold = (body: Buffer) => body.toString("latin1", 0, 8) === '{"url":"';

/** Without what each version has of its own. */
const comparable = ({ status, headers, body, isWhole }: RawAnswer) => ({
  status,
  isWhole,
  headers: headers
    .filter(([name]) => !OF_THE_CONNECTION.has(name) && !(name === "content-length" && isTold(body)))
    .toSorted(([one], [other]) => (one < other ? -1 : 1)),
  // Only HTTP/1.1 has these, and the handler shows them.
  body: body.toString("latin1").replace('["connection","close"],', "").replace("https://", "http://"),
});
