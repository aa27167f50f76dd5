import type { IncomingMessage, ServerResponse } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { LoopbackService } from "./loopback.ts";

/** The claims of a job. */
export type JobClaims = Readonly<Record<string, string>>;

/** An issuer of identity tokens at loopback. It gives one to whoever asks at `/request`, as GitHub does to its jobs. */
export class NodeIssuer extends LoopbackService {
  readonly #claims: JobClaims;
  readonly #keys = generateKeyPair("RS256");

  constructor(claims: JobClaims) {
    super();
    this.#claims = claims;
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    response.setHeader("Content-Type", "application/json");
    if (pathname === "/.well-known/openid-configuration")
      response.end(JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/jwks` }));
    else if (pathname === "/jwks") response.end(JSON.stringify({ keys: [await this.#jwk()] }));
    else if (pathname === "/request" && request.headers.authorization === "Bearer a-job")
      response.end(JSON.stringify({ value: await this.token(searchParams.get("audience") ?? "") }));
    else response.writeHead(404).end();
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
