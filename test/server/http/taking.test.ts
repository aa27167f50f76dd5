import { rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as later } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterAll, describe, expect, test, vi } from "vitest";
import { readCertificate } from "../../../server/http/certificate.ts";
import { serveHttp, type HttpServer } from "../../../server/http/serve-http.ts";
import { TIMES } from "../../../server/http/times.ts";
import { Authority, hasOpenssl } from "../../support/node/certificates.ts";

/** Milliseconds in the place of two minutes. */
const SHORT = 600;

/** The same where a busy machine, which delays a client, must not look like one that stops. */
const LONGER = 2_000;

/** More than the sockets of both sides hold. Bytes. */
const LENGTH = 16 * 1024 * 1024;

/** How many clients read slowly at once. */
const COUNTS = { http: 10, https: 2 };

const schemes = hasOpenssl() ? (["http", "https"] as const) : (["http"] as const);
const authority = hasOpenssl() ? new Authority() : undefined;
const sockets: Socket[] = [];
const servers: HttpServer[] = [];
vi.setConfig({ testTimeout: 30_000 });
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.map((server) => server.stop()));
  if (authority) rmSync(authority.folder, { recursive: true });
});

/**
 * A server that has a long answer, or one that is late or never comes; and how many of the long ones were given up because
 * their clients' connections were closed.
 */
async function serve(scheme: "http" | "https", taking = SHORT) {
  let left = 0;
  const server = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    certificate: scheme === "https" && authority ? await readCertificate(authority.issue("IP:127.0.0.1")) : undefined,
    report: () => undefined,
    times: { ...TIMES, taking, answer: 3 * taking },
    async handler({ url }) {
      if (url.endsWith("/late")) return new Response(await later(1.5 * SHORT, "late"));
      if (url.endsWith("/never")) return new Promise<Response>(() => undefined);
      return new Response(
        longBody(() => void left++),
        { headers: { "Content-Length": `${LENGTH}` } },
      );
    },
  });
  servers.push(server);
  return { port: server.port, left: () => left };
}

function longBody(cancel: () => void): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(1024 * 1024);
  let missing = LENGTH;
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(chunk);
      missing -= chunk.byteLength;
      if (missing === 0) controller.close();
    },
    cancel,
  });
}

/** A client that has asked, and reads nothing by itself. */
function ask(port: number, scheme: "http" | "https", path: string): Socket {
  const socket = scheme === "https" ? connectTls({ port, rejectUnauthorized: false }) : connect(port);
  sockets.push(socket);
  socket.on("error", () => undefined).write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  return socket;
}

/** Reads all, and returns its size. */
async function rest(socket: Socket): Promise<number> {
  let size = 0;
  for await (const chunk of socket) size += (chunk as Buffer).byteLength;
  return size;
}

test("a client has two minutes to take a next byte, and the worker twenty to answer", () => {
  expect([TIMES.taking, TIMES.answer]).toEqual([120_000, 1_200_000]);
});

describe.concurrent.each(schemes)("over %s", (scheme) => {
  test.concurrent("a client that stops reading is closed soon", async () => {
    const { port, left } = await serve(scheme);
    ask(port, scheme, "/long");
    await vi.waitFor(() => expect(left()).toBe(1), { timeout: 10 * SHORT });
  });

  test.concurrent("those that read slowly, for longer than the longest wait, have all of it", async () => {
    const { port, left } = await serve(scheme, LONGER);
    const slow = Array.from({ length: COUNTS[scheme] }, () => ask(port, scheme, "/long"));
    const sizes = slow.map(() => 0);
    const until = performance.now() + 2 * LONGER;
    while (performance.now() < until) {
      for (const [at, socket] of slow.entries())
        sizes[at] = (sizes[at] ?? 0) + ((socket.read() as Buffer | null)?.byteLength ?? 0);
      await later(50);
    }
    expect([left(), sizes.every((size) => size < LENGTH)]).toEqual([0, true]);
    const whole = await Promise.all(slow.map(async (socket, at) => (sizes[at] ?? 0) + (await rest(socket))));
    expect(whole.every((size) => size > LENGTH)).toBe(true);
  });
});

test.concurrent("an answer that the worker is slow to give is given, and one that never comes is not waited for", async () => {
  const { port } = await serve("http");
  expect(await text(ask(port, "http", "/late"))).toContain("late");
  const begun = performance.now();
  expect(await text(ask(port, "http", "/never"))).toBe("");
  expect(performance.now() - begun).toBeGreaterThan(2 * SHORT);
});
