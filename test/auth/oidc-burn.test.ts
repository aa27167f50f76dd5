import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { AUDIENCE, burn, FakeIssuer, GITHUB, githubJob, mint, post } from "../support/issuer.ts";
import { Rig } from "../support/rig.ts";
import { give, partsOf } from "../support/tokens.ts";

const INDEXES = { default: { sources: ["pypi"] }, team: { sources: ["default"], hosted: true } };
const RULE = { issuer: GITHUB, claims: { repository: "acme/tools" }, index: "team", scopes: ["read"] };

/** A rig, and a token that it has minted. */
async function minted() {
  const rig = new Rig({ INDEXES, TRUSTED: [RULE], AUDIENCE });
  const issuer = await new FakeIssuer(rig).publish("first");
  await rig.upstream.publish("demo", []);
  const { json } = await mint(rig, await issuer.token(githubJob));
  return { rig, issuer, token: json.token ?? "" };
}

const read = async (rig: Rig, token: string) =>
  (await rig.get("/team/simple/demo/", { Authorization: `Bearer ${token}` })).status;

const deeds = async () =>
  (await env.DB.prepare("SELECT actor, action, subject, origin FROM audit WHERE action = 'token.revoke'").all())
    .results;

test("the holder of a minted token can revoke it, which writes an audit entry", async () => {
  const { rig, token } = await minted();
  expect(await read(rig, token)).toBe(200);
  const { status, headers } = await burn(rig, token, { "CF-Connecting-IP": "192.0.2.7" });
  expect([status, headers.get("Cache-Control")]).toEqual([202, "no-store"]);
  expect(await read(rig, token)).toBe(401);
  const { id } = partsOf(token);
  expect(await deeds()).toEqual([{ actor: id, action: "token.revoke", subject: id, origin: "192.0.2.7" }]);
});

test("a second time changes nothing and is answered as the first", async () => {
  const { rig, token } = await minted();
  for (let again = 0; again < 2; again++) expect((await burn(rig, token)).status).toBe(202);
  expect(await deeds()).toHaveLength(1);
});

test("what is no minted token is answered alike, and stays as it is", async () => {
  const { rig, token } = await minted();
  const made = await give(rig, { expiresAt: rig.now + 3_600_000 });
  const wrong = `${token.slice(0, -1)}${token.endsWith("A") ? "E" : "A"}`;
  for (const text of [made.text, wrong, "pypi-edge_0123456789abcdef_x", "", "x".repeat(60_000)]) {
    expect((await burn(rig, text)).status).toBe(202);
  }
  expect([await deeds(), await read(rig, token), await read(rig, made.text)]).toEqual([[], 200, 200]);
});

test("where it cannot be looked up, the answer says so in a form that clients read", async () => {
  const { rig, token } = await minted();
  rig.breakOnce("d1.prepare");
  const { status, json } = await burn(rig, token);
  expect([status, json.errors?.[0]?.code]).toEqual([503, "storage-failed"]);
  expect((await burn(rig, token)).status).toBe(202);
});

test("a client that guesses is limited, and keeps no other from revoking a token", async () => {
  const { rig, token } = await minted();
  for (let guess = 0; guess < 20; guess++) await burn(rig, "x");
  expect([(await burn(rig, "x")).status, await read(rig, token)]).toEqual([429, 200]);
  expect((await burn(rig, token)).status).toBe(202);
  rig.restart();
  expect(await read(rig, token)).toBe(401);
});

test("without trusted publishers the address does not exist", async () => {
  expect((await burn(new Rig(), "x")).status).toBe(404);
});

test("a malformed body is refused", async () => {
  const { rig } = await minted();
  expect((await post(rig, "{}", {}, "burn-token")).sentence).toBe(
    'The body must be JSON, {"token": "…"} with the token to revoke.',
  );
});

test("minted tokens are forgotten a day after their end, and others later", async () => {
  const { rig, issuer, token } = await minted();
  const made = await give(rig, { expiresAt: rig.now + 1 });
  const burnt = await mint(rig, await issuer.token(githubJob));
  await burn(rig, burnt.json.token ?? "");
  const kept = async () =>
    new Set((await env.DB.prepare("SELECT id FROM token").all<{ id: string }>()).results.map(({ id }) => id));
  const [first, second] = [token, burnt.json.token].map((text) => partsOf(text).id);
  rig.wait(24 * 3_600_000);
  await rig.post("jobs/clean");
  expect(await kept()).toEqual(new Set([made.id, first, second]));
  rig.wait(1);
  await rig.post("jobs/clean");
  expect(await kept()).toEqual(new Set([made.id, first]));
  rig.wait(15 * 60_000);
  await rig.post("jobs/clean");
  expect(await kept()).toEqual(new Set([made.id]));
});

test("an identity token is exchanged only once, also after the job clean has run", async () => {
  const rig = new Rig({ INDEXES, TRUSTED: [RULE], AUDIENCE });
  const issuer = await new FakeIssuer(rig).publish("first");
  // As far ahead as a clock may be, and longer than an hour, which none is good for.
  const iat = rig.now / 1000 + 60;
  const identity = (jti: string) => issuer.token({ ...githubJob, iat, exp: iat + 7_200, jti });
  const { json } = await mint(rig, await identity("seven"));
  await burn(rig, json.token ?? "");
  rig.wait(3_719_000);
  await rig.post("jobs/clean");
  expect((await mint(rig, await identity("seven"))).sentence).toContain("was exchanged before");
  expect((await mint(rig, await identity("eight"))).status).toBe(200);
  rig.wait(2_000);
  expect((await mint(rig, await identity("nine"))).status).toBe(403);
});
