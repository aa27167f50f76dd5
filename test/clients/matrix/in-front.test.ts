import { readFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildWheel, type Wheel } from "../../../cli/demo/wheel.ts";
import type { CertificateFiles } from "../../../server/http/certificate.ts";
import { startNginxWith } from "../../bench/harness/nginx.ts";
import type { Running } from "../../bench/harness/processes.ts";
import { findProgram } from "../../bench/harness/tools.ts";
import { startCaddyWith } from "../../support/node/caddy.ts";
import { hasOpenssl } from "../../support/node/certificates.ts";
import { incompressible } from "../../support/node/fake-index/content.ts";
import { Proxied, PROXY_NAME } from "../../support/node/proxied.ts";
import { documentedCaddy, documentedNginx } from "../../support/node/self-host-proxy.ts";
import { uploadFields } from "../../support/upload-fields.ts";

const ADMIN = "the-admin-token-of-this-test";
/** An address of loopback that no other client has. */
const CLIENT = "127.0.0.7";

interface Front {
  readonly program: string | undefined;
  start(folder: string, socket: string, port: number, certificate: CertificateFiles): Promise<Running>;
  /** The type of the sentence that it says while the server is down. */
  readonly text: string;
  /** Whether it hands on a reason phrase. */
  readonly isReasonKept: boolean;
}

const nginx = findProgram("nginx");
const caddy = findProgram("caddy");
const FRONTS: Readonly<Record<string, Front>> = {
  nginx: {
    program: nginx,
    start(folder, socket, port, certificate) {
      const places = { socket, listen: `127.0.0.1:${port} ssl http2`, certificate };
      return startNginxWith(nginx ?? "", folder, documentedNginx(places), port);
    },
    text: "text/plain",
    isReasonKept: true,
  },
  Caddy: {
    program: caddy,
    start: (folder, socket, port, certificate) =>
      startCaddyWith(caddy ?? "", folder, documentedCaddy({ socket, port, certificate }), port),
    text: "text/plain; charset=utf-8",
    isReasonKept: false,
  },
};
const RUNNABLE = hasOpenssl();

for (const [proxy, { program, start, text, isReasonKept }] of Object.entries(FRONTS))
  describe.skipIf(!program || !RUNNABLE)(`behind ${proxy}, with the settings of self-host`, () => {
    const proxied = new Proxied({ keepAlive: true, localAddress: CLIENT });
    const socket = join(proxied.folder, "http.sock");
    const send = proxied.send.bind(proxied);
    let file: Wheel;
    beforeAll(async () => {
      file = await buildWheel({ name: "demo", version: "1.0", files: { "payload.bin": incompressible(300_000) } });
      const also = [
        "--socket",
        socket,
        "--public-url",
        `https://${PROXY_NAME}`,
        "--trusted-proxy",
        "unix",
        "--admin-token",
        ADMIN,
      ];
      await proxied.start([file], also, (folder, port, certificate) => start(folder, socket, port, certificate));
    });
    afterAll(() => proxied.stop());

    const JSON_PAGE = { accept: "application/vnd.pypi.simple.v1+json" };
    const admin = { authorization: `Bearer ${ADMIN}` };

    test("a page has its headers, and addresses that lead to the proxy", async () => {
      const page = await send("/simple/demo/", { headers: JSON_PAGE });
      expect([page.status, page.headers["content-type"]]).toEqual([200, JSON_PAGE.accept]);
      expect(page.headers["x-request-id"]).toBeTruthy();
      const etag = `${page.headers["etag"]}`;
      expect((await send("/simple/demo/", { headers: { ...JSON_PAGE, "if-none-match": etag } })).status).toBe(304);
      const [listed] = (JSON.parse(page.body.toString()) as { files: { url: string; provenance?: string }[] }).files;
      expect(listed?.provenance ?? "").toMatch(/^https:\/\/pypi\.example\.com\//);
      const moved = await send("/simple/Demo");
      expect([moved.status, moved.headers["location"]]).toEqual([302, "../simple/demo/"]);
    });

    test("a file comes whole, and in parts, also over HTTP/2", async () => {
      const page = await send("/simple/demo/", { headers: JSON_PAGE });
      const [listed] = (JSON.parse(page.body.toString()) as { files: { url: string }[] }).files;
      const path = new URL(listed?.url ?? "", `https://${PROXY_NAME}/simple/demo/`).pathname;
      const whole = await send(path);
      expect([whole.status, whole.body.equals(Buffer.from(file.bytes))]).toEqual([200, true]);
      const part = await send(path, { headers: { range: "bytes=1000-1999" } });
      expect([part.status, part.headers["content-range"]]).toEqual([206, `bytes 1000-1999/${file.bytes.byteLength}`]);
      expect(part.body.equals(Buffer.from(file.bytes.subarray(1000, 2000)))).toBe(true);
      const session = connectHttp2(`https://127.0.0.1:${proxied.port}`, {
        ca: readFileSync(proxied.authority.file),
        servername: PROXY_NAME,
      });
      const over = (range = {}) => buffer(session.request({ ":path": path, ":authority": PROXY_NAME, ...range }));
      expect((await over()).equals(Buffer.from(file.bytes))).toBe(true);
      expect((await over({ range: "bytes=1000-1999" })).equals(part.body)).toBe(true);
      session.close();
    });

    test("an upload of 99 MB is taken, and its client's address is in the audit log", async () => {
      const made = await send(
        "/-/api/tokens",
        { method: "POST", headers: { ...admin, "content-type": "application/json" } },
        Buffer.from(JSON.stringify({ name: "test", index: "team", scopes: ["read", "upload"] })),
      );
      const { token } = JSON.parse(made.body.toString()) as { token: string };
      const wheel = await buildWheel({
        name: "large",
        version: "1.0",
        files: { "payload.bin": incompressible(99_000_000) },
      });
      const form = new FormData();
      for (const [name, value] of Object.entries(uploadFields(wheel))) form.set(name, value);
      form.set("content", new Blob([Buffer.from(wheel.bytes)]), wheel.filename);
      const encoded = new Response(form);
      const headers = {
        authorization: `Bearer ${token}`,
        "content-type": encoded.headers.get("content-type") ?? "",
        // Every client can send it. The proxy replaces it.
        "x-forwarded-for": "192.0.2.1",
      };
      const answer = await send("/team/legacy/", { method: "POST", headers }, Buffer.from(await encoded.arrayBuffer()));
      expect([answer.status, answer.body.toString()]).toEqual([200, expect.any(String)]);
      const audit = await send("/-/api/audit", { headers: admin });
      expect(audit.body.toString()).toContain(CLIENT);
      expect(audit.body.toString()).not.toContain("192.0.2.1");
    });

    test("a refused upload is told why in the body, and where the proxy hands it on, in the reason phrase", async () => {
      const { status, reason, body } = await send("/legacy/", { method: "POST" }, Buffer.from("a=b"));
      const sentence = /^The index default takes no uploads: /;
      expect([status, body.toString()]).toEqual([403, expect.stringMatching(sentence)]);
      expect(reason).toMatch(isReasonKept ? sentence : /^Forbidden$/);
    });

    test("the proxy's connections to the server are used again", async () => {
      const open = () =>
        readFileSync(`/proc/${proxied.product.pid}/net/unix`, "utf8")
          .split("\n")
          .filter((line) => line.endsWith(socket)).length;
      await send("/-/health");
      const before = open();
      for (let nth = 0; nth < 50; nth++) expect((await send("/-/health")).status).toBe(200);
      expect([before > 1, open() <= before + 1]).toEqual([true, true]);
    });

    test("while the server is down it is 503, after which old pips try again as well, with a sentence", async () => {
      await proxied.product.stop();
      for (const method of ["GET", "POST"]) {
        const { status, headers, body } = await send("/team/legacy/", { method }, Buffer.from("a=b"));
        expect([status, headers["retry-after"], headers["content-type"]]).toEqual([503, "5", text]);
        expect(body.toString()).toMatch(/^The index does not answer: it is down, or starts again\.\n?$/);
      }
    });
  });
