import { env } from "cloudflare:workers";
import { base64url, exportSPKI, importJWK, SignJWT, type CryptoKey } from "jose";
import { describe, expect, test } from "vitest";
import { AUDIENCE, FakeIssuer, GITHUB, githubJob, goodClaims, mint, pairOf, written } from "../support/issuer.ts";
import { Rig } from "../support/rig.ts";

const RULE = { issuer: GITHUB, claims: { repository: "acme/tools" }, index: "team", scopes: ["upload"] };

async function github() {
  const INDEXES = { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } };
  const rig = new Rig({ INDEXES, TRUSTED: [RULE], AUDIENCE });
  return { rig, issuer: await new FakeIssuer(rig).publish("first") };
}

describe("a signature is the issuer's", () => {
  test("or there is no token", async () => {
    const { rig, issuer } = await github();
    const forged = await issuer.token(githubJob, { kid: "first" }, "forger");
    expect((await mint(rig, forged)).sentence).toBe(
      `This identity token is not accepted: its signature is not one of ${GITHUB}.`,
    );
  });

  test("of its present claims, not of earlier ones", async () => {
    const { rig, issuer } = await github();
    const [header, , signature] = (await issuer.token({ ...githubJob, repository: "evil/x" })).split(".");
    const swapped = `${header}.${base64url.encode(JSON.stringify(goodClaims(rig)))}.${signature}`;
    expect((await mint(rig, swapped)).sentence).toContain("its signature is not one of");
    expect(await env.DB.prepare("SELECT count(*) AS tokens FROM token").first()).toEqual({ tokens: 0 });
  });

  test.each(["none", "None", "NONE", "", "HS256", "HS384", "HS512", "RSA1_5", "dir", "rs256", 7, null, undefined])(
    "algorithm %j is not accepted, and no request is sent",
    async (alg) => {
      const { rig } = await github();
      const { status, sentence } = await mint(rig, written({ alg, kid: "first" }, goodClaims(rig)));
      expect([status, rig.upstream.requests]).toEqual([403, []]);
      expect(sentence).toMatch(/^This identity token is not accepted: it is signed with .*, and only RS256, /);
    },
  );

  test("made with the public key as a secret, it is refused", async () => {
    const { rig, issuer } = await github();
    const { jwk } = await pairOf("first");
    const spki = await exportSPKI((await importJWK(jwk)) as CryptoKey);
    const secret = new TextEncoder().encode(spki);
    const forged = await new SignJWT(goodClaims(rig)).setProtectedHeader({ alg: "HS256", kid: "first" }).sign(secret);
    expect((await mint(rig, forged)).sentence).toContain('it is signed with "HS256"');
    // The other way round: RS256 in the header, and what signs is the secret.
    const [, claims, signature] = forged.split(".");
    const header = base64url.encode(JSON.stringify({ alg: "RS256", kid: "first" }));
    expect((await mint(rig, `${header}.${claims}.${signature}`)).sentence).toContain("its signature is not one of");
    expect(rig.upstream.requests).toEqual([`GET ${issuer.configuration}`, `GET ${issuer.jwks}`]);
  });

  test("made with a key of another kind than the header names, it is refused", async () => {
    const { rig, issuer } = await github();
    await pairOf("curve", "ES256");
    await issuer.publish("first", "curve");
    const confused = written({ alg: "ES256", kid: "first" }, goodClaims(rig), "AAAA");
    expect((await mint(rig, confused)).sentence).toContain("names a key of");
    const other = written({ alg: "RS512", kid: "first" }, goodClaims(rig), "AAAA");
    expect((await mint(rig, other)).sentence).toContain("that is not for its algorithm");
  });

  test("made with a key that the token itself contains, it is refused", async () => {
    const { rig, issuer } = await github();
    const { jwk } = await pairOf("forger");
    const header = { jwk, jku: "https://evil.test/jwks", x5u: "https://evil.test/cert" };
    const forged = await issuer.token(githubJob, { ...header, kid: "first" }, "forger");
    expect((await mint(rig, forged)).sentence).toContain("its signature is not one of");
    expect(rig.upstream.requests).toEqual([`GET ${issuer.configuration}`, `GET ${issuer.jwks}`]);
  });

  test.each([undefined, 7, null, ["first"]])("key %j is no name", async (kid) => {
    const { rig } = await github();
    const { sentence } = await mint(rig, written({ alg: "RS256", kid }, goodClaims(rig)));
    expect([sentence, rig.upstream.requests]).toEqual([expect.stringContaining("does not name the key (kid)"), []]);
  });

  test("with an unknown critical header, it is refused", async () => {
    const { rig } = await github();
    const odd = written({ alg: "RS256", kid: "first", crit: ["x"], x: 1 }, goodClaims(rig), "AAAA");
    expect((await mint(rig, odd)).sentence).toContain("it is built as none of its issuer's would be");
  });
});

describe("what is no token", () => {
  test.each([
    "",
    "x",
    "a.b.c",
    "..",
    ".....",
    "a".repeat(60_000),
    "eyJhbGciOiJSUzI1NiJ9.W10.x",
    "eyJhbGciOiJSUzI1NiJ9.bnVsbA.x",
    "WzFd.e30.x",
    "é.ü.ß",
    "pypi-edge_0123456789abcdef_0123456789012345678901234567890123456789012",
  ])("%j is refused, and no request is sent", async (token) => {
    const { rig } = await github();
    const { status, sentence, json } = await mint(rig, token);
    expect([status, json.errors?.[0]?.code, rig.upstream.requests]).toEqual([422, "unprocessable", []]);
    expect(sentence).toMatch(/^The token is not a JWT: it must be the identity token that the CI gives the job/);
  });
});
