import { readFileSync, rmSync } from "node:fs";
import { Agent, request as ask } from "node:https";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { freePort } from "../../../cli/demo/process.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { startNginxWith } from "../../bench/harness/nginx.ts";
import type { Running } from "../../bench/harness/processes.ts";
import { findProgram } from "../../bench/harness/tools.ts";
import { Authority, hasOpenssl } from "../../support/node/certificates.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";

const NAME = "pypi.example.com";
const HERE = `https://${NAME}`;
const ADMIN = "the-admin-token-of-this-test";
const nginx = findProgram("nginx");

/*
 * `proxy_pass` alone: nginx hands on the host of its own connection then, so that the server never sees the name that the browser
 * shows. `PUBLIC_URL` says it.
 */
describe.skipIf(!nginx || !hasOpenssl())("a sign-in behind nginx that sets no header", () => {
  const authority = new Authority();
  const folder = temporaryDirectory();
  const agent = new Agent({ ca: readFileSync(authority.file), servername: NAME });
  let port: number;
  let inner: string;
  let witness: Witness;
  let product: Product;
  let front: Running;
  beforeAll(async () => {
    witness = await new Witness(fakeIndex([], () => "pypi")).start();
    const also = ["--public-url", HERE, "--trusted-proxy", "127.0.0.1", "--admin-token", ADMIN];
    product = await startProduct(witness.index, join(folder, "state"), { also });
    inner = new URL(product.index).host;
    port = await freePort();
    const { cert, key } = authority.issue(`DNS:${NAME}`);
    const server = `server { listen 127.0.0.1:${port} ssl; ssl_certificate ${cert}; ssl_certificate_key ${key}; location / { proxy_pass http://${inner}; } }`;
    front = await startNginxWith(nginx ?? "", join(folder, "nginx"), server, port);
  }, 60_000);
  afterAll(async () => {
    agent.destroy();
    await front?.stop();
    await product?.stop();
    await witness?.stop();
    removeDirectory(folder);
    rmSync(authority.folder, { recursive: true });
  });

  async function send(path: string, headers: Readonly<Record<string, string>>, fields?: Record<string, string>) {
    const body = fields && new URLSearchParams(fields).toString();
    const own = { host: NAME, ...headers, ...(body && { "content-type": "application/x-www-form-urlencoded" }) };
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; cookie: string; text: string }>();
    const method = body === undefined ? "GET" : "POST";
    const sent = ask({ host: "127.0.0.1", port, path, agent, method, headers: own }, (response) => {
      const { statusCode: status = 0, headers: received } = response;
      const cookie = received["set-cookie"]?.[0] ?? "";
      buffer(response).then((read) => resolve({ status, cookie, text: read.toString() }), reject);
    });
    sent.on("error", reject).end(body);
    return promise;
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
