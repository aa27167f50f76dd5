import { base64url, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import type { Rig } from "./rig.ts";

export const GITHUB = "https://token.actions.githubusercontent.com";
export const GITLAB = "https://gitlab.com";

/** The audience of identity tokens in these tests. */
export const AUDIENCE = "pypi.acme.example";

/** A pair of keys, made once: making one takes longer than most tests. */
interface Pair {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}
const pairs = new Map<string, Promise<Pair>>();

/** The pair of keys of this name. */
export function pairOf(kid: string, alg = "RS256"): Promise<Pair> {
  const made = pairs.get(kid) ?? makePair(kid, alg);
  pairs.set(kid, made);
  return made;
}

async function makePair(kid: string, alg: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** An issuer of identity tokens, at the rig's fake upstream. */
export class FakeIssuer {
  readonly url: string;
  readonly configuration: string;
  readonly jwks: string;
  readonly #rig: Rig;

  constructor(rig: Rig, url: string = GITHUB) {
    this.#rig = rig;
    this.url = url;
    this.configuration = `${url}/.well-known/openid-configuration`;
    this.jwks = `${url}/.well-known/jwks`;
    this.describe({ issuer: url, jwks_uri: this.jwks });
  }

  /** Says this of itself. */
  describe(configuration: unknown): void {
    this.#rig.upstream.on(this.configuration, () => Response.json(configuration));
  }

  /** Has these keys from now on. */
  async publish(...kids: readonly string[]): Promise<this> {
    const keys = await Promise.all(kids.map(async (kid) => (await pairOf(kid)).jwk));
    this.#rig.upstream.on(this.jwks, () => Response.json({ keys }));
    return this;
  }

  /** A token with these claims over the usual ones; `undefined` leaves one out. */
  async token(
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    kid = "first",
  ): Promise<string> {
    const { privateKey, jwk } = await pairOf(kid);
    const now = this.#rig.now / 1_000;
    const all = {
      iss: this.url,
      aud: AUDIENCE,
      iat: now,
      nbf: now,
      exp: now + 300,
      jti: crypto.randomUUID(),
      ...claims,
    };
    return new SignJWT(all).setProtectedHeader({ alg: jwk.alg ?? "", kid, typ: "JWT", ...header }).sign(privateKey);
  }
}

/** The claims of a job of GitHub's that releases acme/tools. */
export const githubJob = {
  sub: "repo:acme/tools:environment:release",
  repository: "acme/tools",
  repository_id: "100",
  repository_owner: "acme",
  repository_owner_id: "7",
  repository_visibility: "private",
  environment: "release",
  ref: "refs/tags/v1.0",
  ref_type: "tag",
  ref_protected: "true",
  sha: "0123456789012345678901234567890123456789",
  workflow_ref: "acme/tools/.github/workflows/release.yml@refs/tags/v1.0",
  job_workflow_ref: "acme/tools/.github/workflows/release.yml@refs/tags/v1.0",
  event_name: "push",
  actor: "mia",
  run_id: "55",
  run_attempt: "1",
  runner_environment: "github-hosted",
};

/** The claims of a job of GitLab's in acme/python/tools. */
export const gitlabJob = {
  sub: "project_path:acme/python/tools:ref_type:tag:ref:v1.0",
  project_path: "acme/python/tools",
  project_id: "200",
  namespace_path: "acme/python",
  namespace_id: "8",
  ref: "v1.0",
  ref_type: "tag",
  ref_path: "refs/tags/v1.0",
  ref_protected: "true",
  pipeline_id: "77",
  job_id: "88",
  user_login: "mia",
};

/** A token with this header and these claims, and a signature of one's choice. */
export const written = (header: unknown, claims: unknown, signature = "") =>
  `${base64url.encode(JSON.stringify(header))}.${base64url.encode(JSON.stringify(claims))}.${signature}`;

/** The claims of a good token of GitHub's. */
export const goodClaims = ({ now }: Rig) => {
  const iat = now / 1_000;
  return { ...githubJob, iss: GITHUB, aud: AUDIENCE, iat, exp: iat + 300, jti: "one" };
};

/** What a mint answers. */
export interface MintJson {
  readonly success?: boolean;
  readonly token?: string;
  readonly expires?: number;
  readonly message?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly code: string; readonly description: string }[];
}

/** Exchanges an identity token, as a client does; `sentence` is what the client prints where it is refused. */
export async function mint(rig: Rig, token: unknown, headers: Record<string, string> = {}) {
  return post(rig, JSON.stringify({ token }), headers);
}

/** Ends a token of ours, as uv does when it has published. */
export async function burn(rig: Rig, token: unknown, headers: Record<string, string> = {}) {
  return post(rig, JSON.stringify({ token }), headers, "burn-token");
}

/** The same with any body. */
export async function post(rig: Rig, body: BodyInit, headers: Record<string, string> = {}, where = "mint-token") {
  const init = { method: "POST", body, headers: { Accept: "*/*", ...headers } };
  const { response, settled } = await rig.open(`/_/oidc/${where}`, init);
  const json = (await response.json()) as MintJson;
  await settled();
  return { status: response.status, headers: response.headers, json, sentence: json.errors?.[0]?.description ?? "" };
}
