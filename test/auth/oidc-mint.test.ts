import { partsOf } from "../support/tokens.ts";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Permission } from "../../worker/auth/principal.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { contextOf } from "../../worker/log/context.ts";
import { logAs } from "../../worker/log/log.ts";
import { AUDIENCE, FakeIssuer, GITHUB, GITLAB, githubJob, gitlabJob, mint, pairOf } from "../support/issuer.ts";
import { onCloudflare, Rig, VARS } from "../support/rig.ts";

const INDEXES = {
  default: { sources: ["pypi"] },
  team: { sources: ["default"], hosted: true },
  stage: { sources: ["default"], hosted: true },
};

const RELEASE = {
  issuer: GITHUB,
  claims: { repository: "acme/tools", repository_owner_id: "7", environment: "release" },
  index: "team",
  scopes: ["upload"],
  projects: ["acme-*"],
};

const rigOf = (...TRUSTED: readonly unknown[]) => new Rig({ INDEXES, TRUSTED, AUDIENCE });

/** A rig with these rules, and GitHub with a key. */
async function github(...rules: readonly unknown[]) {
  const rig = rigOf(...(rules.length > 0 ? rules : [RELEASE]));
  return { rig, issuer: await new FakeIssuer(rig).publish("first") };
}

/** What becomes of a request with this token: null where it is granted, else the kind of error. */
async function tried(
  rig: Rig,
  token: string,
  { project, ...asked }: Omit<Permission, "project"> & { project?: string },
) {
  const work = createExecutionContext();
  const ctx = contextOf(rig.now, work, rig.services.counters, logAs("text"));
  const whole = { ...asked, ...(project !== undefined && { project: parseProjectName(project) }) };
  const claimant = { authorization: `Bearer ${token}`, origin: "192.0.2.1" };
  const outcome = await rig.services.authenticate(claimant, whole, ctx).then(
    () => null,
    (error: { kind: string }) => error.kind,
  );
  await waitOnExecutionContext(work);
  return outcome;
}

describe("a job's identity token is exchanged for one of ours", () => {
  test("with its expiry, for two requests to the issuer the first time and none the second", async () => {
    const { rig, issuer } = await github();
    const { status, headers, json } = await mint(rig, await issuer.token(githubJob));
    expect([status, json.success, json.expires]).toEqual([200, true, rig.now / 1_000 + 900]);
    expect(json.token).toMatch(/^pypi-edge_[\da-f]{16}_[\w-]{43}$/);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(rig.upstream.requests).toEqual([`GET ${issuer.configuration}`, `GET ${issuer.jwks}`]);
    rig.forget();
    expect((await mint(rig, await issuer.token(githubJob))).status).toBe(200);
    expect(rig.upstream.requests).toEqual([]);
    expect(rig.counts).toMatchObject({ "d1.batch": 1 });
  });

  test("by one transaction each, however many come, and none of these tokens is looked up by itself", async () => {
    const read = { ...RELEASE, scopes: ["read"], projects: undefined };
    const rig = new Rig({ INDEXES, TRUSTED: [read], AUDIENCE }, onCloudflare());
    const issuer = await new FakeIssuer(rig).publish("first");
    await rig.upstream.publish("demo", []);
    await mint(rig, await issuer.token(githubJob));
    const identities = await Promise.all(Array.from({ length: 30 }, () => issuer.token(githubJob)));
    rig.forget();
    const tokens = [];
    for (const identity of identities) {
      const before = rig.now;
      tokens.push((await mint(rig, identity)).json.token ?? "");
      // It is given out when every isolate knows it.
      expect(rig.now).toBe(before + 1_000);
    }
    expect(rig.counts).toEqual({ "d1.prepare": 60, "d1.batch": 30 });
    rig.forget();
    for (const token of [...tokens, ...tokens]) {
      expect((await rig.get("/team/simple/demo/", { Authorization: `Bearer ${token}` })).status).toBe(200);
    }
    // One for the tokens, one for the index; the page is stored by the first.
    expect(rig.counts["d1.batch"]).toBeUndefined();
    expect(rig.counts["d1.prepare"]).toBeLessThanOrEqual(4);
    const { "d1.prepare": first } = rig.counts;
    for (const token of tokens) await rig.get("/team/simple/demo/", { Authorization: `Bearer ${token}` });
    expect(rig.counts["d1.prepare"]).toBe(first);
  });

  test("that allows what the rule says and nothing else", async () => {
    const { rig, issuer } = await github();
    const { json } = await mint(rig, await issuer.token(githubJob));
    const token = json.token ?? "";
    expect(await tried(rig, token, { scope: "upload", index: "team", project: "acme-tools" })).toBeNull();
    expect(await tried(rig, token, { scope: "upload", index: "team", project: "numpy" })).toBe("not-allowed");
    expect(await tried(rig, token, { scope: "upload", index: "stage", project: "acme-tools" })).toBe("not-allowed");
    expect(await tried(rig, token, { scope: "yank", index: "team", project: "acme-tools" })).toBe("not-allowed");
    expect(await tried(rig, token, { scope: "read", index: "team" })).toBe("not-allowed");
    expect(await tried(rig, token, { scope: "admin", index: "*" })).toBe("not-allowed");
  });

  test("that expires after fifteen minutes to the millisecond, also where it is remembered", async () => {
    const { rig, issuer } = await github();
    const { json } = await mint(rig, await issuer.token(githubJob));
    const asked = { scope: "upload", index: "team", project: "acme-tools" } as const;
    rig.wait(15 * 60_000 - 1);
    expect(await tried(rig, json.token ?? "", asked)).toBeNull();
    rig.wait(1);
    expect(await tried(rig, json.token ?? "", asked)).toBe("not-authenticated");
  });

  test("GitLab's as well, and with a rule to read it reads the index", async () => {
    const rule = { issuer: GITLAB, claims: { project_path: "acme/*", namespace_id: "8", ref_protected: "true" } };
    const rig = rigOf({ ...rule, index: "team", scopes: ["read"] });
    const issuer = await new FakeIssuer(rig, GITLAB).publish("first");
    await rig.upstream.publish("demo", []);
    const { json } = await mint(rig, await issuer.token(gitlabJob));
    const page = await rig.get("/team/simple/demo/", { Authorization: `Basic ${btoa(`__token__:${json.token}`)}` });
    expect([page.status, page.headers.get("Cache-Control")]).toEqual([200, "private, no-cache"]);
    expect((await rig.get("/team/simple/demo/")).status).toBe(401);
  });

  test("one signed on an elliptic curve is as good", async () => {
    const { rig, issuer } = await github();
    await pairOf("curve", "ES256");
    await issuer.publish("first", "curve");
    expect((await mint(rig, await issuer.token(githubJob, {}, "curve"))).status).toBe(200);
  });

  test("the first rule that matches decides", async () => {
    const { claims, ...rest } = RELEASE;
    const { rig, issuer } = await github(
      { ...rest, claims: { ...claims, environment: "other" }, index: "stage" },
      RELEASE,
      { ...rest, claims: { repository: "acme/*" }, scopes: ["upload", "yank"] },
    );
    const released = await mint(rig, await issuer.token(githubJob));
    expect(await tried(rig, released.json.token ?? "", { scope: "yank", index: "team", project: "acme-x" })).toBe(
      "not-allowed",
    );
    const other = await mint(rig, await issuer.token({ ...githubJob, repository: "acme/other" }));
    expect(await tried(rig, other.json.token ?? "", { scope: "yank", index: "team", project: "acme-x" })).toBeNull();
  });

  test("a rule matches its own issuer's tokens only, and not those of another trusted issuer", async () => {
    const rules = [RELEASE, { issuer: GITLAB, claims: { project_path: "acme/*" }, index: "stage", scopes: ["read"] }];
    const { rig } = await github(...rules);
    const other = await new FakeIssuer(rig, GITLAB).publish("first");
    const { status, sentence } = await mint(rig, await other.token(githubJob));
    expect([status, sentence]).toEqual([403, expect.stringContaining("TRUSTED.1: project_path is nothing")]);
  });

  test("an issuer's path and final slash are part of its name", async () => {
    const url = "https://ci.acme.example/realms/build/";
    const rig = rigOf({ issuer: url, claims: { sub: "job" }, index: "team", scopes: ["upload"] });
    const issuer = await new FakeIssuer(rig, url.slice(0, -1)).publish("first");
    issuer.describe({ issuer: url, jwks_uri: issuer.jwks });
    expect((await mint(rig, await issuer.token({ iss: url, sub: "job" }))).status).toBe(200);
    expect((await mint(rig, await issuer.token({ sub: "job" }))).sentence).toContain(
      `its issuer (iss) is "${issuer.url}", and no TRUSTED rule has exactly this issuer`,
    );
  });
});

describe("what is written down of a mint", () => {
  test("names the job, the rule and the token's rights, and no secret", async () => {
    const { rig, issuer } = await github();
    const identity = await issuer.token({ ...githubJob, jti: "one", email: "mia@acme.example" });
    const { json } = await mint(rig, identity, { "CF-Connecting-IP": "192.0.2.7" });
    const { results } = await env.DB.prepare("SELECT * FROM audit").all();
    const { id, secret } = partsOf(json.token);
    const [deed] = results;
    expect(results).toHaveLength(1);
    expect(deed).toMatchObject({
      at: rig.now,
      actor: GITHUB,
      actor_name: "oidc: acme/tools",
      origin: "192.0.2.7",
      action: "token.mint",
      index_name: "team",
      project: "",
      subject: id,
    });
    const details = JSON.parse(String(deed?.["details"])) as Record<string, unknown>;
    expect(details).toMatchObject({ rule: "TRUSTED.0", scopes: ["upload"], projects: ["acme-*"] });
    expect(details["claims"]).toMatchObject({
      repository: "acme/tools",
      environment: "release",
      actor: "mia",
      run_id: "55",
      jti: "one",
    });
    expect(details["claims"]).not.toHaveProperty("email");
    const kept = JSON.stringify([results, (await env.DB.prepare("SELECT * FROM token").all()).results]);
    for (const told of [secret, identity, identity.split(".")[2]]) expect(kept).not.toContain(told);
    const token = await env.DB.prepare("SELECT name, created_by, minted_for, expires_at FROM token").first();
    expect(token).toEqual({
      name: "oidc: acme/tools",
      created_by: GITHUB,
      minted_for: `${GITHUB} one`,
      expires_at: rig.now + 900_000,
    });
  });

  test("what a job calls itself cannot be longer than a name", async () => {
    const { rig, issuer } = await github({ ...RELEASE, claims: { repository: "acme/*" } });
    await mint(rig, await issuer.token({ ...githubJob, repository: `acme/${"x".repeat(1_000)}` }));
    const row = await env.DB.prepare("SELECT name FROM token").first();
    expect(row).toEqual({ name: `oidc: acme/${"x".repeat(195)}` });
  });

  test("nor do anything to a terminal", async () => {
    const { rig, issuer } = await github({ ...RELEASE, claims: { repository_id: "100" } });
    await mint(rig, await issuer.token({ ...githubJob, repository: "acme/\u001b[2J\n\u202etools\u2028" }));
    const row = await env.DB.prepare("SELECT name FROM token").first();
    expect(row).toEqual({ name: "oidc: acme/?[2J??tools?" });
  });
});

describe("an identity token is exchanged once", () => {
  test("and the second time there is a sentence, and neither a token nor a deed", async () => {
    const { rig, issuer } = await github();
    const identity = await issuer.token(githubJob);
    expect((await mint(rig, identity)).status).toBe(200);
    rig.restart();
    const { status, sentence, json } = await mint(rig, identity);
    expect([status, json.token]).toEqual([403, undefined]);
    expect(sentence).toContain("This identity token was exchanged before");
    const counts = "SELECT (SELECT count(*) FROM token) AS tokens, (SELECT count(*) FROM audit) AS deeds";
    expect(await env.DB.prepare(counts).first()).toEqual({ tokens: 1, deeds: 1 });
  });

  test("of two at the same time one is", async () => {
    const { rig, issuer } = await github();
    const identity = await issuer.token(githubJob);
    const answers = await Promise.all([mint(rig, identity), mint(rig, identity)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403]);
  });

  test.each([
    ["has no id"],
    ["has an id that is no text", 7],
    ["has an endless id", "x".repeat(300)],
    ["has an empty id", ""],
  ])(
    "a token that %s is identified by its signed part, however its signature is written",
    async (_what, jti?: unknown) => {
      const { rig, issuer } = await github();
      const identity = await issuer.token({ ...githubJob, jti });
      expect((await mint(rig, identity)).status).toBe(200);
      // The last character has bits that are none of the signature's.
      const last = identity.at(-1) ?? "";
      const other = `${identity.slice(0, -1)}${String.fromCharCode(last.charCodeAt(0) + 1)}`;
      for (const again of [identity, other]) expect((await mint(rig, again)).status).toBe(403);
      expect((await mint(rig, await issuer.token({ ...githubJob, jti, iat: rig.now / 1_000 - 1 }))).status).toBe(200);
    },
  );

  test("the same id of another issuer is another token", async () => {
    const rules = [RELEASE, { issuer: GITLAB, claims: { project_path: "acme/*" }, index: "team", scopes: ["upload"] }];
    const { rig, issuer } = await github(...rules);
    const other = await new FakeIssuer(rig, GITLAB).publish("first");
    expect((await mint(rig, await issuer.token({ ...githubJob, jti: "one" }))).status).toBe(200);
    expect((await mint(rig, await other.token({ ...gitlabJob, jti: "one" }))).status).toBe(200);
  });

  test("one that could not be written down may be tried again", async () => {
    const { rig, issuer } = await github();
    const identity = await issuer.token(githubJob);
    rig.breakOnce("d1.batch");
    const { status, json } = await mint(rig, identity);
    expect([status, json.token, json.errors?.[0]?.code]).toEqual([503, undefined, "storage-failed"]);
    expect((await mint(rig, identity)).status).toBe(200);
  });
});

describe("a client that fails often", () => {
  const from = (address: string) => ({ "CF-Connecting-IP": address });

  test("is limited, and no valid token is kept from being exchanged, at its address or another", async () => {
    const { rig, issuer } = await github();
    for (let guess = 0; guess < 20; guess++) expect((await mint(rig, "a.b.c", from("192.0.2.1"))).status).toBe(422);
    const limited = await mint(rig, "a.b.c", from("192.0.2.1"));
    expect([limited.status, limited.headers.get("Retry-After")]).toEqual([429, "60"]);
    expect(limited.sentence).toMatch(/^Too many invalid tokens came from this address/);
    expect(rig.upstream.requests).toEqual([]);
    expect((await mint(rig, await issuer.token(githubJob), from("192.0.2.1"))).status).toBe(200);
    expect((await mint(rig, await issuer.token(githubJob), from("192.0.2.2"))).status).toBe(200);
    rig.wait(60_000);
    expect((await mint(rig, "a.b.c", from("192.0.2.1"))).status).toBe(422);
  });

  test("does not keep people at the same address from showing theirs", async () => {
    const { rig } = await github();
    for (let guess = 0; guess < 20; guess++) await mint(rig, "a.b.c", from("192.0.2.1"));
    const answer = await rig.get("/team/simple/demo/", {
      ...from("192.0.2.1"),
      Authorization: `Bearer ${VARS.ADMIN_TOKEN}`,
    });
    expect(answer.status).not.toBe(429);
  });

  test("is not held up by an issuer that is away", async () => {
    const { rig, issuer } = await github();
    rig.upstream.down = true;
    const good = await issuer.token(githubJob);
    for (let tries = 0; tries < 21; tries++) expect((await mint(rig, good, from("192.0.2.1"))).status).toBe(503);
  });
});
