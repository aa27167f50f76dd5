import { readFileSync, rmSync } from "node:fs";
import { connect, type AddressInfo } from "node:net";
import { createServer, type Server } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import { Authority, hasOpenssl } from "../../support/node/certificates.ts";
import { Place } from "../../support/node/clients/place.ts";
import { smallContent } from "../../support/node/fake-index/content.ts";
import { fakeIndex } from "../../support/node/fake-index/fake-index.ts";
import { ForwardProxy } from "../../support/node/forward-proxy.ts";
import { actor } from "../cast.ts";

const { backends } = inject("supplies");

/** Only the proxy finds the upstream there. Plain http is for private addresses only. */
const HOSTS = { https: "index.test", http: "10.1.2.3" };

describe.skipIf(backends === null || !hasOpenssl())("behind a proxy", () => {
  const authority = new Authority();
  const state = temporaryDirectory();
  let witness: Witness;
  let tls: Server;
  let proxy: ForwardProxy | undefined;
  let product: Product | undefined;
  beforeAll(async () => {
    witness = await new Witness(fakeIndex(await smallContent(backends ?? ""), () => "html only")).start();
    const { cert, key } = authority.issue(`DNS:${HOSTS.https}`);
    tls = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
      const behind = connect(Number(new URL(witness.index).port), "127.0.0.1");
      socket.on("error", () => behind.destroy()).pipe(behind);
      behind.on("error", () => socket.destroy()).pipe(socket);
    });
    await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    await product?.stop();
    await proxy?.stop();
    removeDirectory(state);
  });
  afterAll(async () => {
    tls?.close();
    await witness?.stop();
    rmSync(authority.folder, { recursive: true });
  });

  /** Starts a server that has only the proxy to ask. */
  async function behindProxy(scheme: "http" | "https", credentials = "", env: NodeJS.ProcessEnv = {}) {
    proxy = new ForwardProxy(
      { https: (tls.address() as AddressInfo).port, http: Number(new URL(witness.index).port) },
      credentials,
    );
    const address = await proxy.start();
    product = await startProduct(`${scheme}://${HOSTS[scheme]}/simple/`, state, {
      env: { HTTPS_PROXY: address, HTTP_PROXY: address, NODE_EXTRA_CA_CERTS: authority.file, ...env },
    });
    return { proxy, product };
  }

  async function install(name: "pip" | "uv-pip", index: string) {
    const place = await Place.make();
    try {
      const { code, output } = await actor(name).client().install("picnic", index, place);
      return { code, output, imported: (await place.python("import picnic")).code };
    } finally {
      place.remove();
    }
  }

  test.for([
    ["pip", "https", "user:p%40ss"],
    ["uv-pip", "https", ""],
    ["pip", "http", "user:p4ss"],
  ] as const)("%s installs, over %s, with %j", async ([name, scheme, credentials], { skip }) => {
    skip(!actor(name).available);
    const { proxy: between, product: server } = await behindProxy(scheme, credentials);
    const { code, output, imported } = await install(name, server.index);
    expect([code, imported], output + server.output()).toEqual([0, 0]);
    const expected =
      scheme === "https" ? /^CONNECT index\.test:443$/ : /^(?:GET|HEAD) http:\/\/10\.1\.2\.3\/(?:simple|packages)\//;
    expect(between.asked.length).toBeGreaterThan(0);
    expect(between.asked.filter((line) => !expected.test(line))).toEqual([]);
  });

  test("a proxy that is down is named in the answer and at the start, without its password", async () => {
    const { proxy: between, product: server } = await behindProxy("https", "user:s3cret");
    await between.stop();
    const answer = await fetch(`${server.index}picnic/`);
    const said = await answer.text();
    expect(answer.status).toBe(503);
    expect(said).toMatch(/the proxy 127\.0\.0\.1:\d+ refuses the connection/);
    expect(said + server.output()).not.toMatch(/s3cret/);
  });

  test("an authority that is not known is said to be so, with what to do", async () => {
    const { product: server } = await behindProxy("https", "", { NODE_EXTRA_CA_CERTS: "" });
    const answer = await fetch(`${server.index}picnic/`);
    expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining("NODE_EXTRA_CA_CERTS")]);
  });
});
