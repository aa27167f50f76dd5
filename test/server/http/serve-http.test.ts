import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { requestFacts } from "../../../server/http/request-facts.ts";
import type { FilePart } from "../../../server/objects/file-body.ts";
import { serveHttp, type HttpOptions, type HttpServer } from "../../../server/http/serve-http.ts";
import { answerTo, headerOf, sendRaw } from "../../support/node/raw-http.ts";

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-http-"));
const servers: HttpServer[] = [];
const reported: unknown[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  reported.splice(0);
});
afterEach(() => rmSync(join(folder, "file"), { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

async function serve(handler: HttpOptions["handler"], more: Partial<HttpOptions> = {}): Promise<HttpServer> {
  const report = (error: unknown) => void reported.push(error);
  const server = await serveHttp({ host: "127.0.0.1", port: 0, handler, report, ...more });
  servers.push(server);
  return server;
}

/** A server whose every answer is a part of a file. */
function serveFile(part: Omit<FilePart, "path">, body = new ReadableStream<Uint8Array>()): Promise<HttpServer> {
  return serve(() => new Response(body), { fileOf: () => ({ path: join(folder, "file"), ...part }) });
}

const GET = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const KEPT = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

const bytesOf = (length: number) => Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 7) % 251));

const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === "IPv6"));

/** Linux has it. */
const OPEN_FILES = "/proc/self/fd";

/** Whether this process has the file open. */
const isOpen = () =>
  existsSync(OPEN_FILES) &&
  readdirSync(OPEN_FILES).some((fd) => {
    try {
      return readlinkSync(join(OPEN_FILES, fd)) === join(folder, "file");
    } catch {
      return false;
    }
  });

test.each([
  [0, 3_000_000],
  [1, 262_144],
  [262_143, 524_289],
  [5, 1],
  [7, 0],
])("a part of a file from byte %i has its %i bytes", async (offset, length) => {
  const bytes = bytesOf(3_000_000);
  writeFileSync(join(folder, "file"), bytes);
  const { port } = await serveFile({ offset, length });
  const answer = await answerTo(port, GET);
  expect(headerOf(answer, "content-length")).toBe(String(length));
  expect(answer.body.equals(bytes.subarray(offset, offset + length))).toBe(true);
  expect(isOpen()).toBe(false);
});

test("HEAD of a file has its length, and its body is cancelled", async () => {
  let cancelled = 0;
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled += 1) });
  const { port } = await serveFile({ offset: 0, length: 9 }, body);
  expect(headerOf(await answerTo(port, GET.replace("GET", "HEAD")), "content-length")).toBe("9");
  expect(cancelled).toBe(1);
});

test("a file that is shorter than it should be breaks the answer off", async () => {
  writeFileSync(join(folder, "file"), bytesOf(1_000_000));
  const { port } = await serveFile({ offset: 0, length: 1_000_001 });
  expect(await answerTo(port, GET)).toMatchObject({ status: 200, isWhole: false });
  expect(reported).toHaveLength(1);
  truncateSync(join(folder, "file"), 0);
  expect(await sendRaw(port, GET)).toEqual([]);
  expect(isOpen()).toBe(false);
});

test("a file that cannot be opened is 503", async () => {
  const { port } = await serveFile({ offset: 0, length: 1 });
  const body = Buffer.from("The storage here cannot be used right now; try again in a moment.\n");
  expect(await answerTo(port, GET)).toMatchObject({ status: 503, isWhole: true, body });
  expect(reported).toMatchObject([{ cause: { code: "ENOENT" } }]);
});

test.skipIf(!existsSync(OPEN_FILES))("a file is closed when its client leaves", async () => {
  writeFileSync(join(folder, "file"), Buffer.alloc(64 * 1024 ** 2));
  const { port } = await serveFile({ offset: 0, length: 64 * 1024 ** 2 });
  const socket = connect(port, "127.0.0.1");
  socket.write(GET);
  await once(socket, "data");
  socket.pause();
  expect(isOpen()).toBe(true);
  socket.destroy();
  await vi.waitFor(() => expect(isOpen()).toBe(false), 10_000);
  expect(reported).toEqual([]);
});

test.each([
  ["longer", "hello", "4"],
  ["shorter", "hello", "6"],
])("a body that is %s than its header says is broken off", async (_, body, length) => {
  const { port } = await serve(() => new Response(body, { headers: { "Content-Length": length } }));
  const answers = await sendRaw(port, GET);
  expect(answers.filter(({ isWhole }) => isWhole && length === "6")).toEqual([]);
  expect(reported).toHaveLength(1);
});

/** A stream that has these bytes at hand, as a byte stream or as one of chunks. */
function streamOf(bytes: Uint8Array, kind: "byte" | "chunk"): ReadableStream<Uint8Array> {
  let at = 0;
  const pull = (controller: ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array>) => {
    if (at < bytes.byteLength) return controller.enqueue(Uint8Array.from(bytes.subarray(at, (at += 100_003))));
    controller.close();
    if ("byobRequest" in controller) controller.byobRequest?.respond(0);
  };
  return kind === "byte" ? new ReadableStream({ type: "bytes", pull }) : new ReadableStream({ pull });
}

test.each([
  ["byte", 2_000_000, 2_000_000, true],
  ["byte", 2_000_000, 2_000_001, false],
  ["byte", 2_000_001, 2_000_000, false],
  ["chunk", 2_000_000, 2_000_000, true],
  ["chunk", 2_000_000, 2_000_001, false],
] as const)("a long %s stream of %i bytes whose header says %i ends cleanly: %s", async (kind, size, said, isWhole) => {
  const bytes = bytesOf(size);
  const headers = { "Content-Length": String(said) };
  const { port } = await serve(() => new Response(streamOf(bytes, kind), { headers }));
  const answer = await answerTo(port, GET);
  expect([answer.isWhole, reported.length]).toEqual([isWhole, isWhole ? 0 : 1]);
  expect(answer.body.equals(bytes.subarray(0, answer.body.byteLength))).toBe(true);
});

test("a transfer that is broken off on purpose ends without its end, and is no defect to report", async () => {
  const lost = Object.assign(new Error("The transfer was broken off."), { retryable: true });
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => controller.error(lost);
  const start = (controller: ReadableStreamDefaultController<Uint8Array>) => controller.enqueue(bytesOf(10));
  const headers = { "Content-Length": "20" };
  const { port } = await serve(() => new Response(new ReadableStream({ start, pull }), { headers }));
  const answers = await sendRaw(port, GET);
  expect(answers.filter(({ isWhole }) => isWhole)).toEqual([]);
  expect(reported).toEqual([]);
});

test("an address of 16 KiB, or a header of 32 KiB, is refused", async () => {
  const { port } = await serve(() => new Response("yes"));
  const target = (length: number) => GET.replace("/x", `/${"x".repeat(length - 1)}`);
  const header = (length: number) => GET.replace("\r\n\r\n", `\r\nX-A: ${"x".repeat(length)}\r\n\r\n`);
  const statuses = [];
  for (const request of [target(16 * 1024), target(16 * 1024 + 1), header(32_000), header(33_000), header(200_000)])
    statuses.push((await answerTo(port, request)).status);
  expect(statuses).toEqual([200, 414, 200, 431, 431]);
});

test("no header is dropped because there are many", async () => {
  const { port } = await serve((request) => new Response(request.headers.get("X-Last")));
  const many = Array.from({ length: 3_000 }, (_, at) => `X${at}: 1\r\n`).join("");
  const answer = await answerTo(port, GET.replace("\r\n\r\n", `\r\n${many}X-Last: here\r\n\r\n`));
  expect(answer).toMatchObject({ status: 200, body: Buffer.from("here") });
});

test("bytes beyond ASCII in the target are refused", async () => {
  const { port } = await serve(() => new Response("yes"));
  expect((await answerTo(port, GET.replace("/x", "/caf\u00c3\u00a9"))).status).toBe(400);
});

test.skipIf(!hasIPv6)("the request tells the client's address, IPv4 as such", async () => {
  const { port } = await serve((request) => new Response(requestFacts.clientAddress(request)), { host: "::" });
  expect((await answerTo(port, GET)).body.toString()).toBe("127.0.0.1");
  expect((await answerTo(port, GET, { host: "::1" })).body.toString()).toBe("::1");
});

test.each([
  ["192.0.2.1", "pypi-edge cannot listen at 192.0.2.1, port 0: this machine does not have the address."],
  ["no-such-host.invalid", /^pypi-edge cannot listen at no-such-host\.invalid, port 0: /],
])("listening at %s is refused with a sentence", async (host, sentence) => {
  await expect(serve(() => new Response(null), { host })).rejects.toThrow(sentence);
});

test("a port that is taken is refused with a sentence", async () => {
  const { port } = await serve(() => new Response(null));
  const sentence = `pypi-edge cannot listen at 127.0.0.1, port ${port}: another program listens there.`;
  await expect(serve(() => new Response(null), { port })).rejects.toThrow(sentence);
});

test("a client that sends much sees the answer that did not wait for it", async () => {
  const { port } = await serve(() => new Response("refused", { status: 401 }));
  const body = Buffer.alloc(50_000_000);
  const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
  const answer = await answerTo(port, Buffer.concat([Buffer.from(head), body]));
  expect(answer).toMatchObject({ status: 401, isWhole: true, body: Buffer.from("refused") });
});

test("an upload is read no faster than the handler reads it", async () => {
  const reading = Promise.withResolvers<ReadableStreamDefaultReader<Uint8Array>>();
  const { port } = await serve(async (request) => {
    const reader = (request.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    reading.resolve(reader);
    await new Promise((resolve) => setTimeout(resolve, 500));
    let size = 0;
    for (let read = await reader.read(); !read.done; read = await reader.read()) size += read.value.byteLength;
    return new Response(String(size));
  });
  const socket = connect(port, "127.0.0.1");
  const body = Buffer.alloc(100_000_000);
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`);
  let isSent = false;
  socket.write(body, () => (isSent = true));
  await reading.promise;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(isSent).toBe(false);
  await once(socket, "data");
  expect(isSent).toBe(true);
  socket.destroy();
});

test("stopping answers what was begun, ends what waits after answers, and closes idle connections", async () => {
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  let isDone = false;
  const server = await serve(async (_, { waitUntil }) => {
    begun.resolve();
    await go.promise;
    waitUntil(new Promise((resolve) => setTimeout(resolve, 100)).then(() => (isDone = true)));
    return new Response("answered");
  });
  const fresh = connect(server.port, "127.0.0.1");
  await once(fresh, "connect");
  const answer = answerTo(server.port, KEPT);
  await begun.promise;
  const stopped = server.stop();
  await once(fresh, "close");
  await expect(answerTo(server.port, GET)).rejects.toThrow("0 answers");
  go.resolve();
  expect((await answer).body.toString()).toBe("answered");
  expect(headerOf(await answer, "connection")).toBe("close");
  await stopped;
  expect(isDone).toBe(true);
});

test("stopping answers what clients have sent by then", async () => {
  const server = await serve(() => new Response("answered"));
  const kept = connect(server.port, "127.0.0.1");
  kept.write(KEPT);
  await once(kept, "data");
  const fresh = connect(server.port, "127.0.0.1");
  await once(fresh, "connect");
  const answers = [kept, fresh].map((socket) => text(socket));
  kept.write(KEPT);
  fresh.write(KEPT);
  await server.stop();
  for (const answer of await Promise.all(answers)) expect(answer).toContain("answered");
});

test("stopping closes a connection that waits for its next request", async () => {
  const server = await serve(() => new Response("answered"));
  const socket = connect(server.port, "127.0.0.1");
  socket.write(KEPT);
  await once(socket, "data");
  let isClosed = false;
  socket.once("close", () => (isClosed = true));
  await server.stop();
  await vi.waitFor(() => expect(isClosed).toBe(true), 10_000);
});

test("what work after an answer throws is reported", async () => {
  const server = await serve((_, { waitUntil }) => {
    waitUntil(Promise.reject(new Error("later")));
    return new Response(null);
  });
  await answerTo(server.port, GET);
  await server.stop();
  expect(reported).toEqual([new Error("later")]);
});
