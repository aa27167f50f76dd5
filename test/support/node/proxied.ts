import { readFileSync, rmSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { freePort } from "../../../cli/demo/process.ts";
import { startProduct, type Product } from "../../../cli/demo/product.ts";
import type { Wheel } from "../../../cli/demo/wheel.ts";
import { Witness } from "../../../cli/demo/witness.ts";
import type { CertificateFiles } from "../../../server/http/certificate.ts";
import type { Running } from "../../bench/harness/processes.ts";
import { Authority } from "./certificates.ts";
import { fakeIndex } from "./fake-index/fake-index.ts";

export const PROXY_NAME = "pypi.example.com";

export interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A pypi-edge behind a proxy with TLS, and a client that knows the proxy by `PROXY_NAME`. */
export class Proxied {
  readonly folder = temporaryDirectory();
  readonly authority = new Authority();
  readonly #agent: Agent;
  /** Where the proxy listens, at 127.0.0.1. */
  port = 0;
  #witness: Witness | undefined;
  #product: Product | undefined;
  #proxy: Running | undefined;

  /** @param client the address that the client has, and whether it uses connections again */
  constructor(client: { readonly localAddress?: string; readonly keepAlive?: boolean } = {}) {
    this.#agent = new Agent({ ...client, ca: readFileSync(this.authority.file), servername: PROXY_NAME });
  }

  get product(): Product {
    if (!this.#product) throw new Error("The server was not started.");
    return this.#product;
  }

  /**
   * @param wheels what the upstream has
   * @param also further options of the server
   * @param startProxy is called once the server listens
   */
  async start(
    wheels: readonly Wheel[],
    also: readonly string[],
    startProxy: (folder: string, port: number, certificate: CertificateFiles) => Promise<Running>,
  ): Promise<void> {
    this.#witness = await new Witness(fakeIndex(wheels, () => "pypi")).start();
    this.#product = await startProduct(this.#witness.index, join(this.folder, "state"), { also });
    this.port = await freePort();
    this.#proxy = await startProxy(join(this.folder, "proxy"), this.port, this.authority.issue(`DNS:${PROXY_NAME}`));
  }

  /** Sends a request to the proxy. */
  send(path: string, { method = "GET", headers = {} }: Sending = {}, body?: Buffer | string): Promise<Answer> {
    const { port } = this;
    const own = { host: PROXY_NAME, ...headers, ...(body && { "content-length": Buffer.byteLength(body) }) };
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const options = { host: "127.0.0.1", port, path, agent: this.#agent, method, headers: own };
    const sent = request(options, (response) => {
      const { statusCode: status = 0, statusMessage: reason = "", headers: received } = response;
      buffer(response).then((read) => resolve({ status, reason, headers: received, body: read }), reject);
    });
    sent.on("error", reject).end(body);
    return promise;
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await this.#proxy?.stop();
    await this.#product?.stop();
    await this.#witness?.stop();
    removeDirectory(this.folder);
    rmSync(this.authority.folder, { recursive: true });
  }
}
