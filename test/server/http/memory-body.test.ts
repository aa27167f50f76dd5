import { afterEach, expect, test } from "vitest";
import { serveHttp, type HttpServer } from "../../../server/http/serve-http.ts";
import { memoryBody } from "../../../server/memory-body.ts";
import { answerTo, headerOf } from "../../support/node/raw-http.ts";

const reported: unknown[] = [];
let server: HttpServer | undefined;
afterEach(async () => {
  await server?.stop();
  reported.splice(0);
});

/** The answer to a request of a server that answers with these bytes in memory. */
async function answered(bytes: Uint8Array, init: ResponseInit = {}, request = "GET /x HTTP/1.1\r\n", body = "") {
  const handler = () => new Response(memoryBody(bytes), init);
  server = await serveHttp({ host: "127.0.0.1", port: 0, handler, report: (error) => void reported.push(error) });
  return answerTo(server.port, `${request}Host: a\r\nConnection: close\r\n\r\n${body}`);
}

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7) % 251);

test.each([0, 1, 5_000, 262_144, 262_145, 1_000_000])(
  "%i bytes in memory are sent with their length",
  async (length) => {
    const answer = await answered(bytesOf(length));
    expect(headerOf(answer, "content-length")).toBe(String(length));
    expect(answer.body.equals(bytesOf(length))).toBe(true);
  },
);

test("HEAD has their length", async () => {
  const answer = await answered(bytesOf(9), {}, "HEAD /x HTTP/1.1\r\n");
  expect([headerOf(answer, "content-length"), answer.body.length]).toEqual(["9", 0]);
});

test.each([8, 10])("an answer that declares %i bytes of 9 is broken off", async (declared) => {
  await answered(bytesOf(9), { headers: { "Content-Length": String(declared) } }).catch(() => undefined);
  expect(reported).toEqual([expect.objectContaining({ message: expect.stringContaining("has 9 bytes") as string })]);
});

test("they are sent also where the request's body was not read", async () => {
  const request = "POST /x HTTP/1.1\r\nContent-Length: 3\r\n";
  expect((await answered(bytesOf(5_000), {}, request, "abc")).body).toHaveLength(5_000);
});
