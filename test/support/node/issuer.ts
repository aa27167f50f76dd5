import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** The claims of a job. */
export type JobClaims = Readonly<Record<string, string>>;

/** An issuer of identity tokens at loopback. It gives one to whoever asks at `/request`, as GitHub does to its jobs. */
export class NodeIssuer {
  readonly #claims: JobClaims;
  readonly #keys = generateKeyPair("RS256");
  readonly #server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    response.setHeader("Content-Type", "application/json");
    if (pathname === "/.well-known/openid-configuration")
      response.end(JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/jwks` }));
    else if (pathname === "/jwks") response.end(JSON.stringify({ keys: [await this.#jwk()] }));
    else if (pathname === "/request" && request.headers.authorization === "Bearer a-job")
      response.end(JSON.stringify({ value: await this.token(searchParams.get("audience") ?? "") }));
    else response.writeHead(404).end();
  });

  constructor(claims: JobClaims) {
    this.#claims = claims;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** A new identity token of the job, for this audience. */
  async token(audience: string): Promise<string> {
    const { privateKey } = await this.#keys;
    return new SignJWT({ ...this.#claims })
      .setProtectedHeader({ alg: "RS256", kid: "one", typ: "JWT" })
      .setIssuer(this.url)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime("5m")
      .setJti(crypto.randomUUID())
      .sign(privateKey);
  }

  async #jwk() {
    return { ...(await exportJWK((await this.#keys).publicKey)), kid: "one", alg: "RS256", use: "sig" };
  }
}
