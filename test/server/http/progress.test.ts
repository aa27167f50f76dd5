import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as later } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { serveHttp, type HttpServer } from "../../../server/http/serve-http.ts";
import { TIMES } from "../../../server/http/times.ts";
import { answerTo, answersIn } from "../../support/node/raw-http.ts";

/** Milliseconds in the place of a minute. */
const SHORT = 400;

const sockets: Socket[] = [];
let server: HttpServer | undefined;
// The server's own times, half a minute or more, are not what ends a test.
vi.setConfig({ testTimeout: 20_000 });
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop();
});

/** A server that counts bodies, but those of `/unread`. */
async function serve(): Promise<number> {
  server = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    report: () => undefined,
    times: { ...TIMES, header: SHORT, check: 50, body: SHORT },
    async handler(request) {
      if (request.url.endsWith("/unread")) return new Response("unread", { status: 401 });
      try {
        return new Response(`${(await request.arrayBuffer()).byteLength} bytes`);
      } catch {
        return new Response("broke off", { status: 400 });
      }
    },
  });
  return server.port;
}

/** A connection on which `sent` is sent, and all that is received on it until it is closed. */
async function open(port: number, sent: string) {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  await once(socket, "connect");
  socket.write(sent);
  return { socket, received: text(socket).catch(() => "reset") };
}

const post = (path: string, length: number) => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

/** Sends twenty bytes, which take three times as long as the longest wait for one. */
async function trickle(socket: Socket): Promise<void> {
  for (let sent = 0; sent < 20; sent += 1) {
    expect(socket.writable).toBe(true);
    socket.write("x");
    await later((3 * SHORT) / 20);
  }
}

test("uploads have a minute for a next byte, and headers a minute in all", () => {
  expect([TIMES.body, TIMES.header + TIMES.check <= 60_000]).toEqual([60_000, true]);
});

test.each([
  ["/read", 200, "20 bytes"],
  ["/unread", 401, "unread"],
])("a slow upload to %s is not broken off", async (path, status, body) => {
  const port = await serve();
  const { socket, received } = await open(port, post(path, 20).replace("\r\n", "\r\nConnection: close\r\n"));
  await trickle(socket);
  const [answer] = answersIn(Buffer.from(await received, "latin1"), false);
  expect([answer?.status, answer?.body.toString(), answer?.isWhole]).toEqual([status, body, true]);
});

test.each([
  ["/read", "400 Bad Request", "broke off"],
  ["/unread", "401 Unauthorized", "unread"],
])("an upload to %s that falls silent is answered, and its connection closed", async (path, status, body) => {
  const port = await serve();
  const { received } = await open(port, `${post(path, 20)}half`);
  const begun = Date.now();
  const answer = await received;
  expect(answer).toContain(status);
  expect(answer.endsWith(body)).toBe(true);
  expect(Date.now() - begun).toBeLessThan(20 * SHORT);
});

test.each([
  ["a part of a header", "GET / HTTP/1.1\r\nHost: a\r\nX-A: ", "HTTP/1.1 408 "],
  ["a part of a second header", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /", "HTTP/1.1 408 "],
])("a connection that falls silent after %s is refused, and closed", async (_, sent, refusal) => {
  const { received } = await open(await serve(), sent);
  expect(await received).toContain(refusal);
});

test("a connection on which nothing was sent is closed, and nothing is sent to it", async () => {
  const { received } = await open(await serve(), "");
  expect(await received).toBe("");
});

test("two hundred connections that trickle headers disturb no other, and are closed", async () => {
  const port = await serve();
  const slow = await Promise.all(Array.from({ length: 200 }, () => open(port, "GET / HTTP/1.1\r\nHost: a\r\n")));
  const trickling = setInterval(() => slow.forEach(({ socket }) => socket.writable && socket.write("X: 1\r\n")), 30);
  try {
    let answered = 0;
    const isOpen = () => slow.some(({ socket }) => !socket.destroyed);
    const ended = Promise.all(slow.map(({ received }) => received));
    do {
      const answer = await answerTo(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      answered += Number(answer.status === 200);
    } while (isOpen() && answered < 10_000);
    expect(answered).toBeGreaterThan(0);
    await ended;
    await vi.waitFor(() => expect(isOpen()).toBe(false), 5_000);
  } finally {
    clearInterval(trickling);
  }
});
