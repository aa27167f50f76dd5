import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as later } from "node:timers/promises";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { readCertificate, whyOutOfDate, type CertificateFiles } from "../../../server/http/certificate.ts";
import { followCertificate } from "../../../server/http/follow-certificate.ts";
import { serveHttp, type HttpOptions, type HttpServer } from "../../../server/http/serve-http.ts";
import { TIMES } from "../../../server/http/times.ts";
import { Authority, hasOpenssl } from "../../support/node/certificates.ts";

describe.skipIf(!hasOpenssl())("with TLS", () => {
  const authority = new Authority();
  const ca = readFileSync(authority.file);
  const files = authority.issue("DNS:localhost,IP:127.0.0.1");
  const servers: HttpServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));
  afterAll(() => rmSync(authority.folder, { recursive: true }));

  async function serve(more: Partial<HttpOptions> = {}): Promise<HttpServer> {
    const server = await serveHttp({
      host: "127.0.0.1",
      port: 0,
      certificate: await readCertificate(files),
      handler: (received) => new Response(received.url),
      report: () => undefined,
      ...more,
    });
    servers.push(server);
    return server;
  }

  async function open(port: number): Promise<TLSSocket> {
    const socket = connectTls({ port, host: "127.0.0.1", ca, ALPNProtocols: ["http/1.1"] });
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    return socket;
  }

  /** A folder with its own copies of a certificate's files. */
  function copied(from: CertificateFiles): CertificateFiles {
    const folder = mkdtempSync(join(authority.folder, "copied-"));
    const copies = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    replace(copies, from);
    return copies;
  }
  function replace(target: CertificateFiles, from: CertificateFiles): void {
    copyFileSync(from.cert, target.cert);
    copyFileSync(from.key, target.key);
  }

  test("a request's URL is https, and HTTP/1.1 is agreed on", async () => {
    const { port } = await serve();
    const socket = await open(port);
    expect(socket.alpnProtocol).toBe("http/1.1");
    socket.write("GET /x HTTP/1.1\r\nHost: edge.test\r\nConnection: close\r\n\r\n");
    expect((await text(socket)).endsWith("https://edge.test/x")).toBe(true);
  });

  test("an upload and its answer are whole", async () => {
    const { port } = await serve({ handler: async (received) => new Response(await received.arrayBuffer()) });
    const body = Buffer.alloc(3_000_000, "abc");
    const sent = request({ port, host: "127.0.0.1", ca, method: "POST" }).end(body);
    const [answer] = await once(sent, "response");
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(body)).toBe(true);
  });

  test("plain HTTP is closed", async () => {
    const { port } = await serve();
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await text(socket)).not.toContain("200");
  });

  test("a connection that never negotiates is closed", async () => {
    const { port } = await serve({ times: { ...TIMES, header: 200 } });
    const socket = connect(port, "127.0.0.1");
    expect(await text(socket)).toBe("");
  });

  test("stopping answers what was begun, and closes idle connections and those that still negotiate", async () => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const server = await serve({
      async handler() {
        begun.resolve();
        await go.promise;
        return new Response("answered");
      },
    });
    const idle = await open(server.port);
    const negotiating = connect(server.port, "127.0.0.1");
    await once(negotiating, "connect");
    const busy = await open(server.port);
    busy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const answer = text(busy);
    await begun.promise;
    const closed = [idle, negotiating].map((socket) => once(socket.resume(), "close"));
    const stopped = server.stop();
    await Promise.all(closed);
    go.resolve();
    expect(await answer).toContain("answered");
    await stopped;
  });

  test("a renewed certificate is taken for new connections, and one that is wrong is not", async () => {
    const own = copied(files);
    const server = await serve({ certificate: await readCertificate(own) });
    const said: string[] = [];
    const following = followCertificate({
      files: own,
      current: await readCertificate(own),
      take: (renewed) => server.renew(renewed),
      say: (level, sentence) => void said.push(`${level}: ${sentence}`),
      interval: 20,
    });
    const serial = async () => {
      const socket = await open(server.port);
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    try {
      const first = await serial();
      const other = authority.issue("DNS:localhost,IP:127.0.0.1");
      copyFileSync(other.cert, own.cert);
      await vi.waitFor(() => expect(said).toHaveLength(1));
      expect(said[0]).toMatch(/^warn: The key in \S+ is not the key of the certificate in .*stays in use\.$/);
      expect(await serial()).toBe(first);
      replace(own, other);
      await vi.waitFor(() => expect(said).toHaveLength(2));
      expect(said[1]).toMatch(/^log: The renewed certificate in \S+ is used, valid until 20/);
      expect(await serial()).not.toBe(first);
      await later(100);
      expect(said).toHaveLength(2);
    } finally {
      following.stop();
    }
  });

  test("a certificate that is out of date says so", async () => {
    const expired = await readCertificate(authority.issue("DNS:localhost", -1));
    expect(whyOutOfDate(expired, "c.pem", Date.now())).toMatch(
      /^The certificate in c\.pem has expired \(.*\): clients/,
    );
    const current = await readCertificate(files);
    expect(whyOutOfDate(current, "c.pem", 0)).toMatch(/^The certificate in c\.pem is not valid before .*: clients/);
    expect(whyOutOfDate(current, "c.pem", Date.now() + 60_000)).toBeUndefined();
  });

  const garbage = join(authority.folder, "garbage");
  writeFileSync(garbage, "none");
  const none = join(authority.folder, "none");
  test.each([
    [
      "a missing certificate",
      { ...files, cert: none },
      /^The file of the certificate cannot be read: \/.*\/none: there is no such file\.$/,
    ],
    [
      "a folder in the key's place",
      { ...files, key: authority.folder },
      /^The file of the private key cannot be read: \/.*: a directory, not a file\.$/,
    ],
    ["a certificate that is none", { ...files, cert: garbage }, /garbage has no certificate in PEM form\.$/],
    [
      "a key that is none",
      { ...files, key: garbage },
      /garbage has no private key in PEM form that can be read without a passphrase\.$/,
    ],
    ["another certificate's key", { ...files, key: authority.issue("DNS:a").key }, /^The key in \S+ is not the key of/],
  ])("%s is refused with a sentence", async (_, wrong, sentence) => {
    await expect(readCertificate(wrong)).rejects.toThrow(sentence);
  });
});
