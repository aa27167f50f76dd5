import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNginxWith } from "../../bench/harness/nginx.ts";
import { findProgram } from "../../bench/harness/tools.ts";
import { hasOpenssl } from "../../support/node/certificates.ts";
import { Proxied, PROXY_NAME } from "../../support/node/proxied.ts";

const HERE = `https://${PROXY_NAME}`;
const ADMIN = "the-admin-token-of-this-test";
const nginx = findProgram("nginx");

/*
 * `proxy_pass` alone: nginx hands on the host of its own connection then, so that the server never sees the name that the browser
 * shows. `PUBLIC_URL` says it.
 */
describe.skipIf(!nginx || !hasOpenssl())("a sign-in behind nginx that sets no header", () => {
  const proxied = new Proxied();
  let inner: string;
  beforeAll(async () => {
    const also = ["--public-url", HERE, "--trusted-proxy", "127.0.0.1", "--admin-token", ADMIN];
    await proxied.start([], also, (folder, port, { cert, key }) => {
      inner = new URL(proxied.product.index).host;
      const server = `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key}; location / { proxy_pass http://${inner}; } }`;
      return startNginxWith(nginx ?? "", folder, server, port);
    });
  }, 60_000);
  afterAll(() => proxied.stop());

  async function send(path: string, headers: Readonly<Record<string, string>>, fields?: Record<string, string>) {
    const form = fields && { "content-type": "application/x-www-form-urlencoded" };
    const sending = { method: fields ? "POST" : "GET", headers: { ...headers, ...form } };
    const answer = await proxied.send(path, sending, fields && new URLSearchParams(fields).toString());
    const cookie = answer.headers["set-cookie"]?.[0] ?? "";
    return { status: answer.status, cookie, text: answer.body.toString() };
  }

  test.each([
    ["a browser of today", { "sec-fetch-site": "same-origin", origin: HERE }, 303],
    ["one that says the origin alone", { origin: HERE }, 303],
    ["a page of another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, 403],
    ["one of the same site", { "sec-fetch-site": "same-site", origin: "https://www.example.com" }, 403],
    ["one of another site, in an old browser", { origin: "https://evil.example" }, 403],
    ["the name that the server sees", { origin: "http://INNER" }, 403],
    ["a program that says nothing", {}, 403],
  ])("%s is answered with %o: %i", async (_, headers, status) => {
    const said = JSON.parse(JSON.stringify(headers).replace("INNER", inner)) as Record<string, string>;
    const answer = await send("/-/sign-in", said, { token: ADMIN });
    expect(answer.status).toBe(status);
    expect(answer.cookie).toMatch(status === 303 ? /^__Host-pypi-edge=[^;]+; Path=\/; .*; Secure$/ : /^$/);
  });

  test("a form of a page is used, with what the browser says of it alone", async () => {
    const [cookie = ""] = (await send("/-/sign-in", { origin: HERE }, { token: ADMIN })).cookie.split(";");
    const page = await send("/-/tokens", { cookie });
    const [, form = ""] = /name="form" value="([^"]+)"/.exec(page.text) ?? [];
    const fields = { form, name: "made here", index: "team", scope: "read" };
    expect((await send("/-/tokens", { cookie, origin: `http://${inner}` }, fields)).status).toBe(403);
    expect((await send("/-/tokens", { cookie, origin: HERE }, fields)).status).toBe(201);
    expect((await send("/-/tokens", { cookie, origin: HERE }, fields)).status).toBe(409);
  });
});
