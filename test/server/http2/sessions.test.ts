import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { join } from "node:path";
import { setTimeout as later } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { readCertificate } from "../../../server/http/certificate.ts";
import { serveHttp, type HttpOptions, type HttpServer } from "../../../server/http/serve-http.ts";
import { TIMES } from "../../../server/http/times.ts";
import { Authority, hasOpenssl } from "../../support/node/certificates.ts";
import { END_HEADERS, frame, FRAMES, framesOf, literal, openFrames, requestFields } from "../../support/node/frames.ts";
import { openSession } from "../../support/node/over-http2.ts";

describe.skipIf(!hasOpenssl())("HTTP/2", () => {
  const authority = new Authority();
  const files = authority.issue("IP:127.0.0.1");
  const servers: HttpServer[] = [];
  const sessions: ClientHttp2Session[] = [];
  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  afterAll(() => rmSync(authority.folder, { recursive: true }));

  async function serve(more: Partial<HttpOptions>): Promise<HttpServer> {
    const server = await serveHttp({
      host: "127.0.0.1",
      port: 0,
      certificate: await readCertificate(files),
      handler: () => new Response("answered"),
      report: () => undefined,
      ...more,
    });
    servers.push(server);
    return server;
  }

  function open({ port }: HttpServer): ClientHttp2Session {
    const session = openSession(port);
    sessions.push(session);
    return session;
  }

  const ask = (session: ClientHttp2Session, path = "/", more = {}) => {
    const stream = session.request({ ":path": path, ...more });
    stream.on("error", () => undefined);
    return stream;
  };
  const bytes = async (stream: ClientHttp2Stream) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };

  /** A server that tells how uploads end, and when one has begun. */
  async function serveUploads() {
    const ends: string[] = [];
    const begun = Promise.withResolvers<void>();
    const server = await serve({
      async handler(received) {
        try {
          for await (const _ of received.body ?? []) begun.resolve();
          ends.push("whole");
        } catch {
          ends.push("cut");
        }
        return new Response("answered");
      },
    });
    return { server, ends, begun: begun.promise };
  }

  test.each([
    ["is reset", (stream: ClientHttp2Stream) => stream.destroy(new Error("reset"))],
    ["loses its connection", (stream: ClientHttp2Stream) => stream.session?.destroy()],
  ])("an upload that %s is cut", async (_, cut) => {
    const { server, ends, begun } = await serveUploads();
    const stream = ask(open(server), "/", { ":method": "POST" });
    stream.write("half");
    await begun;
    cut(stream);
    await vi.waitFor(() => expect(ends).toEqual(["cut"]));
  });

  test.each([
    ["is reset with NO_ERROR", "POST", frame(FRAMES.reset, 0, 1, Buffer.alloc(4)), ""],
    // Node has ended its own side of a HEAD's stream, which is not aborted then.
    ["is a HEAD, and reset with NO_ERROR", "HEAD", frame(FRAMES.reset, 0, 1, Buffer.alloc(4)), ""],
    ["ends before its length", "POST", frame(FRAMES.data, 1, 1), "8"],
  ])("an upload that %s is cut", async (_, method, end, length) => {
    const { server, ends, begun } = await serveUploads();
    const socket = await openFrames(server.port);
    const fields = [requestFields(method, "/"), ...(length === "" ? [] : [literal("content-length", length)])];
    socket.write(frame(FRAMES.headers, END_HEADERS, 1, Buffer.concat(fields)));
    socket.write(frame(FRAMES.data, 0, 1, Buffer.from("half")));
    await begun;
    socket.write(end);
    await vi.waitFor(() => expect(ends).toEqual(["cut"]));
    socket.destroy();
  });

  test("a body and its reset in one packet are no whole body", async () => {
    const { server, ends } = await serveUploads();
    const socket = await openFrames(server.port);
    socket.write(
      Buffer.concat([
        frame(FRAMES.headers, END_HEADERS, 1, requestFields("POST", "/")),
        frame(FRAMES.data, 0, 1, Buffer.from("half")),
        frame(FRAMES.reset, 0, 1, Buffer.alloc(4)),
        frame(FRAMES.headers, END_HEADERS | 1, 3, requestFields("GET", "/")),
      ]),
    );
    await vi.waitFor(() => expect(ends).toContain("whole"));
    await later(50);
    // The GET has no body, and is the only one that is whole.
    expect(ends.filter((each) => each === "whole")).toHaveLength(1);
    socket.destroy();
  });

  /** A file in which no two places are alike, as the answer to everything. */
  function ofFile(size: number): Pick<HttpOptions, "handler" | "fileOf"> & { readonly content: Buffer } {
    const content = Buffer.alloc(size);
    for (let at = 0; at + 4 <= size; at += 4) content.writeUInt32LE(at, at);
    const path = join(authority.folder, "file");
    writeFileSync(path, content);
    return {
      content,
      handler: () => new Response("-"),
      fileOf: () => ({ path, offset: 0, length: size }),
    };
  }

  test("a file is whole, however slowly it is taken", async () => {
    const { content, ...parts } = ofFile(3_000_000);
    const stream = ask(open(await serve(parts)));
    const chunks: Buffer[] = [];
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      if (chunks.length % 20 === 0) await later(1);
    }
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });

  test("a stream that is not read holds no other up, and is reset soon", async () => {
    const { content, ...parts } = ofFile(3_000_000);
    const session = open(await serve({ ...parts, times: { ...TIMES, taking: 300 } }));
    const silent = ask(session, "/silent");
    await once(silent, "response");
    const code = new Promise((resolve) => silent.once("close", () => resolve(silent.rstCode)));
    expect((await bytes(ask(session))).equals(content)).toBe(true);
    expect(await code).toBe(2);
  });

  test("what the server has given is not held for ever for a client that does not read it", async () => {
    const { port } = await serve({ handler: () => new Response("a".repeat(1_000)), times: { ...TIMES, taking: 200 } });
    const socket = await openFrames(port);
    // SETTINGS_INITIAL_WINDOW_SIZE: no byte of a body may be sent.
    socket.write(frame(FRAMES.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])));
    socket.write(frame(FRAMES.headers, END_HEADERS | 1, 1, requestFields("GET", "/")));
    const frames = framesOf(socket);
    await later(600);
    socket.destroy();
    expect(await frames).toContain(FRAMES.reset);
  });

  test("fifty streams at once are answered, each with its own answer and the client's address", async () => {
    const server = await serve({ handler: ({ url, clientAddress }) => new Response(`${url} ${clientAddress}`) });
    const session = open(server);
    const paths = Array.from({ length: 50 }, (_, at) => `/${at}`);
    const answers = await Promise.all(paths.map(async (path) => String(await bytes(ask(session, path)))));
    expect(answers).toEqual(paths.map((path) => `https://127.0.0.1:${server.port}${path} 127.0.0.1`));
  });

  test("stopping says so, answers what was begun, and closes idle sessions", async () => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const server = await serve({
      async handler() {
        begun.resolve();
        await go.promise;
        return new Response("answered");
      },
    });
    const [idle, busy] = [open(server), open(server)];
    await once(idle, "connect");
    const answer = bytes(ask(busy));
    await begun.promise;
    const told = Promise.all([once(idle, "close"), once(busy, "goaway")]);
    const stopped = server.stop();
    await told;
    go.resolve();
    expect(String(await answer)).toBe("answered");
    await stopped;
  });

  test("stopping does not wait for clients that leave their side open", async () => {
    const server = await serve({});
    const socket = await openFrames(server.port, { allowHalfOpen: true });
    const begin = performance.now();
    await once(socket, "data");
    await server.stop();
    expect(performance.now() - begin).toBeLessThan(10_000);
    socket.destroy();
  });

  test("stopping resets what does not end", async () => {
    const never = new Promise<Response>(() => undefined);
    const server = await serve({ handler: () => never, times: { ...TIMES, lastAnswers: 100 } });
    const stream = ask(open(server));
    const closed = new Promise((resolve) => stream.once("close", resolve));
    await later(50);
    await server.stop();
    await closed;
    expect(stream.rstCode).not.toBe(0);
  });

  test("a session without streams is closed, whatever PING it sends", async () => {
    const session = open(await serve({ times: { ...TIMES, keepAlive: 200 } }));
    await bytes(ask(session));
    const pinging = setInterval(() => !session.destroyed && session.ping(() => undefined), 20);
    await once(session, "close");
    clearInterval(pinging);
    expect(session.closed).toBe(true);
  });

  test("a renewed certificate is taken for new sessions", async () => {
    const server = await serve({});
    const serial = async () => {
      const session = open(server);
      await once(session, "connect");
      return (session.socket as TLSSocket).getPeerCertificate().serialNumber;
    };
    const first = await serial();
    server.renew(await readCertificate(authority.issue("IP:127.0.0.1")));
    expect(await serial()).not.toBe(first);
  });

  test.each([
    [
      "headers that never end",
      () => Array.from({ length: 100 }, () => frame(FRAMES.continuation, 0, 1, literal("x", "y"))),
    ],
    [
      "streams that are reset at once",
      () =>
        Array.from({ length: 2_000 }, (_, at) => [
          frame(FRAMES.headers, END_HEADERS | 1, 2 * at + 3, requestFields("GET", "/")),
          frame(FRAMES.reset, 0, 2 * at + 3, Buffer.from([0, 0, 0, 8])),
        ]).flat(),
    ],
  ])("a flood of %s ends its session", async (what, frames) => {
    const server = await serve({});
    const socket = await openFrames(server.port);
    const isOpen = what.startsWith("headers");
    if (isOpen) socket.write(frame(FRAMES.headers, 0, 1, requestFields("GET", "/")));
    const received = framesOf(socket);
    socket.write(Buffer.concat(frames()));
    expect(await received).toContain(FRAMES.goaway);
    expect(String(await bytes(ask(open(server))))).toBe("answered");
  });

  test("a header of a megabyte is refused, and others are answered", async () => {
    const server = await serve({});
    const socket = await openFrames(server.port);
    const block = Buffer.concat([requestFields("GET", "/"), literal("x", "y".repeat(1_000_000))]);
    socket.write(frame(FRAMES.headers, 1, 1, block.subarray(0, 16_000)));
    for (let at = 16_000; at < block.length; at += 16_000)
      socket.write(
        frame(FRAMES.continuation, at + 16_000 >= block.length ? END_HEADERS : 0, 1, block.subarray(at, at + 16_000)),
      );
    expect(await framesOf(socket)).not.toContain(FRAMES.headers);
    expect(String(await bytes(ask(open(server))))).toBe("answered");
  });
});
