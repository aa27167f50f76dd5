import { comparable } from "../support/headers.ts";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { contextOf } from "../../worker/log/context.ts";
import { logAs } from "../../worker/log/log.ts";
import { tokenRightsIn } from "../../worker/storage/d1/token-rights.ts";
import { SnapshotReader } from "../../worker/storage/snapshots/reader.ts";
import { rulesOf } from "../../worker/storage/snapshots/snapshot.ts";
import { tokensIn } from "../../worker/storage/d1/tokens.ts";
import type { Platform } from "../../worker/platform/platform.ts";
import { ADMIN_TOKEN, onCloudflare, Rig } from "../support/rig.ts";
import { basic, bearer, contextIn, deed, give } from "../support/tokens.ts";

const SECOND = 1_000;
const PAGE = "/team/simple/demo/";
const INDEXES = {
  default: { sources: ["pypi"] },
  team: { sources: ["default"], read: "token" },
  other: { sources: ["default"], read: "token" },
};

async function privateRig(vars: Record<string, unknown> = {}, platform: Partial<Platform> = {}): Promise<Rig> {
  const rig = new Rig({ INDEXES, ...vars }, platform);
  await rig.upstream.publish("demo", [{ filename: "demo-1.0-py3-none-any.whl", bytes: new Uint8Array(9) }]);
  return rig;
}

/** Reads of the token table since the last `forget`: the page itself asks D1 for nothing once it is in memory. */
const reads = (rig: Rig) => rig.counts["d1.prepare"] ?? 0;

const revoke = (rig: Rig, id: string) => rig.services.tokens.revoke(id, deed(id, "token.revoke"), contextIn(rig));

describe("a token is shown", () => {
  test.each([
    ["as Bearer", (text: string) => bearer(text)],
    ["as bearer, in lower case", (text: string) => ({ Authorization: `bearer ${text}` })],
    ["as the password of __token__", (text: string) => basic("__token__", text)],
    ["as the password of any user", (text: string) => basic("ann@acme.example", text)],
    ["as the password of an empty user", (text: string) => basic("", text)],
    ["as the user name, without a password", (text: string) => basic(text, "")],
  ])("%s", async (_how, headers) => {
    const rig = await privateRig();
    const { text } = await give(rig);
    expect((await rig.get(PAGE, headers(text))).status).toBe(200);
    expect((await rig.get(PAGE, headers(ADMIN_TOKEN))).status).toBe(200);
  });

  test("an admin token and the one that takes its place are valid together", async () => {
    const rig = await privateRig({ ADMIN_TOKEN_2: "the-next-token-for-the-tests" });
    for (const token of [ADMIN_TOKEN, "the-next-token-for-the-tests"])
      expect((await rig.get(PAGE, bearer(token))).status).toBe(200);
    expect((await rig.get(PAGE, bearer("another-token-for-the-tests"))).status).toBe(401);
  });

  test.each([
    ["nothing", {}],
    ["an empty header", { Authorization: "" }],
    ["a scheme alone", { Authorization: "Bearer" }],
    ["another scheme", { Authorization: "Digest username=x" }],
    ["Basic that is no base64", { Authorization: "Basic ***" }],
    ["Basic without a colon", { Authorization: `Basic ${btoa("nocolon")}` }],
    ["an empty user without a password", basic("", "")],
    ["__token__ without a password, as uv sends it before it asks the keyring", basic("__token__", "")],
  ])("with %s it is 401, a sentence how, and no attempt", async (_what, headers) => {
    const rig = await privateRig();
    for (let times = 0; times < 30; times++) {
      const answer = await rig.get(PAGE, headers);
      expect([answer.status, answer.text()]).toEqual([401, expect.stringContaining("A token is needed here")]);
      expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Basic realm="pypi-edge"/);
    }
    expect(rig.counts).toEqual({});
  });
});

describe("a request that is refused", () => {
  test("learns the same of a token that there is not, of another secret, and of a revoked one", async () => {
    const rig = await privateRig();
    const { id, text } = await give(rig);
    const revoked = await give(rig);
    await revoke(rig, revoked.id);
    rig.forget();
    const answers = [];
    for (const shown of [
      `pypi-edge_${"0".repeat(16)}_${"A".repeat(43)}`,
      `pypi-edge_${id}_${"A".repeat(43)}`,
      revoked.text,
    ]) {
      const { status, headers, text: body } = await rig.get(PAGE, bearer(shown));
      answers.push(JSON.stringify([status, comparable(headers), body()]));
    }
    expect(answers[0]).toContain("401");
    expect(new Set(answers).size).toBe(1);
    // Each was looked up, once: the time it takes tells as little.
    expect(rig.counts).toEqual({ "d1.prepare": 3 });
    expect((await rig.get(PAGE, bearer(text))).status).toBe(200);
  });

  test.each([
    ["a word", "something-else-entirely"],
    ["a token cut short", `pypi-edge_${"0".repeat(16)}_${"A".repeat(42)}`],
    ["a token with a character too much", `pypi-edge_${"0".repeat(16)}_${"A".repeat(44)}`],
    ["a token in capitals", `PYPI-EDGE_${"0".repeat(16)}_${"A".repeat(43)}`],
    ["an id that is none", `pypi-edge_${"g".repeat(16)}_${"A".repeat(43)}`],
    ["SQL", `pypi-edge_' OR 1=1 --_${"A".repeat(43)}`],
  ])("%s never reaches the database", async (_what, shown) => {
    const rig = await privateRig();
    expect((await rig.get(PAGE, basic("__token__", shown))).status).toBe(401);
    expect(rig.counts).toEqual({});
  });

  test("names the time at which its token expired, where the secret was right", async () => {
    const rig = await privateRig();
    const { id, text } = await give(rig, { name: "the ci's", expiresAt: rig.now + 10 * SECOND });
    rig.wait(10 * SECOND - 1);
    expect((await rig.get(PAGE, bearer(text))).status).toBe(200);
    rig.wait(1);
    const answer = await rig.get(PAGE, bearer(text));
    expect([answer.status, answer.text()]).toEqual([
      401,
      expect.stringContaining('"the ci\'s" expired at 2026-11-22T12:00:10.000Z'),
    ]);
    const other = await rig.get(PAGE, bearer(`pypi-edge_${id}_${"A".repeat(43)}`));
    expect([other.status, other.text()]).toEqual([401, expect.stringContaining("not known here")]);
  });

  test("does not say of a revoked token that it has expired", async () => {
    const rig = await privateRig();
    const { id, text } = await give(rig, { expiresAt: rig.now + SECOND });
    await revoke(rig, id);
    rig.wait(SECOND);
    expect((await rig.get(PAGE, bearer(text))).text()).toContain("not known here");
  });

  test("is 403 with the token's scopes, where the token is valid and does not allow this", async () => {
    const rig = await privateRig();
    const uploader = await give(rig, { name: "up", scopes: ["upload"], projects: ["acme-*"] });
    const elsewhere = await give(rig, { name: "there", index: "other" });
    const answers = [
      await rig.get(PAGE, bearer(uploader.text)),
      await rig.get(PAGE, bearer(elsewhere.text)),
      await rig.get("/-/api/mirror", bearer(uploader.text)),
    ];
    expect(answers.map(({ status, text }) => [status, text()])).toEqual([
      [403, 'The token "up" may not read team: it is for upload on team, for acme-*.\n'],
      [403, 'The token "there" may not read team: it is for read on other.\n'],
      [403, 'The token "up" may not administer every index: it is for upload on team, for acme-*.\n'],
    ]);
    for (const { headers } of answers) expect(headers.get("Cache-Control")).toBe("no-store");
  });

  test("needs only a scope of the index: its admin reads it, and a token for all indexes reads any", async () => {
    const rig = await privateRig();
    const admin = await give(rig, { scopes: ["admin"] });
    const all = await give(rig, { index: "*" });
    expect((await rig.get(PAGE, bearer(admin.text))).status).toBe(200);
    expect((await rig.get(PAGE, bearer(all.text))).status).toBe(200);
    expect((await rig.get("/other/simple/demo/", bearer(all.text))).status).toBe(200);
    expect((await rig.get("/other/simple/demo/", bearer(admin.text))).status).toBe(403);
  });

  test.each(["a-token-for-the-test", "a-token-for-the-tests-", "A-token-for-the-tests"])(
    "%s is not the admin token",
    async (shown) => {
      expect((await (await privateRig()).get(PAGE, bearer(shown))).status).toBe(401);
    },
  );
});

test.each([
  ["is revoked", "revoked_at = 1", 401, "not known here"],
  ["ends", "expires_at = 1", 401, "expired"],
  ["has another secret", `hash = '${"0".repeat(64)}'`, 401, "not known here"],
  ["is for another index", "index_name = 'other'", 403, "read on other"],
  ["has other scopes", `scopes = '["upload"]'`, 403, "it is for upload"],
])("a token that was right a moment ago and %s since counts as it is now", async (_what, change, status, said) => {
  const rig = await privateRig();
  const { id, text } = await give(rig);
  for (let times = 0; times < 2; times++) expect((await rig.get(PAGE, basic("ann", text))).status).toBe(200);
  await env.DB.prepare(`UPDATE token SET ${change} WHERE id = ?1`).bind(id).run();
  const answer = await rig.get(PAGE, basic("ann", text));
  expect([answer.status, answer.text()]).toEqual([status, expect.stringContaining(said)]);
});

test("a token that was right a moment ago ends at its time", async () => {
  const rig = await privateRig();
  const { text } = await give(rig, { expiresAt: rig.now + SECOND });
  expect((await rig.get(PAGE, bearer(text))).status).toBe(200);
  rig.wait(SECOND);
  expect((await rig.get(PAGE, bearer(text))).status).toBe(401);
});

describe("tokens are known for some tenths of a second", () => {
  test("without a query: a thousand requests of one token, and of a thousand tokens", async () => {
    const rig = await privateRig({}, onCloudflare());
    const tokens = [];
    for (let made = 0; made < 20; made++) tokens.push(await give(rig));
    await rig.get(PAGE, bearer(ADMIN_TOKEN));
    rig.forget();
    for (let times = 0; times < 50; times++) {
      for (const { text } of tokens) expect((await rig.get(PAGE, bearer(text))).status).toBe(200);
    }
    expect(reads(rig)).toBe(1);
  });

  test("in which a revocation is not seen, and no longer, in no isolate", async () => {
    const rig = await privateRig({}, onCloudflare());
    const { id, text } = await give(rig);
    await rig.get(PAGE, bearer(text));
    await revoke(rig, id);
    rig.wait(699);
    expect((await rig.get(PAGE, bearer(text))).status).toBe(200);
    rig.restart();
    expect((await rig.get(PAGE, bearer(text))).status).toBe(200);
    rig.wait(1);
    expect((await rig.get(PAGE, bearer(text))).status).toBe(401);
    rig.restart();
    expect((await rig.get(PAGE, bearer(text))).status).toBe(401);
  });

  test("and a revocation is answered when it is seen everywhere, each time that it is asked for", async () => {
    const rig = await privateRig({}, onCloudflare());
    const { id, text } = await give(rig);
    for (let times = 0; times < 2; times++) {
      await rig.get(PAGE, bearer(text));
      const before = rig.now;
      expect((await rig.get(`/-/api/tokens/${id}`, bearer(ADMIN_TOKEN), "DELETE")).status).toBe(200);
      expect(rig.now).toBe(before + SECOND);
      expect((await rig.get(PAGE, bearer(text))).status).toBe(401);
    }
  });

  test("and a new one is answered when it is valid everywhere", async () => {
    const rig = await privateRig({}, onCloudflare());
    await rig.get(PAGE, bearer((await give(rig)).text));
    const body = JSON.stringify({ name: "new", index: "team", scopes: ["read"] });
    const { text } = await rig.post("tokens", body);
    const { token } = JSON.parse(text()) as { token: string };
    expect((await rig.get(PAGE, bearer(token))).status).toBe(200);
  });

  test("and its id with another secret is not let in by that", async () => {
    const rig = await privateRig({}, onCloudflare());
    const { id, text } = await give(rig);
    await rig.get(PAGE, bearer(text));
    expect((await rig.get(PAGE, bearer(`pypi-edge_${id}_${"A".repeat(43)}`))).status).toBe(401);
    expect((await rig.get(PAGE, bearer(text))).status).toBe(200);
  });

  test("and one whose row is deleted by hand is not known, and minted ones are forgotten an hour after they ended", async () => {
    const rig = await privateRig({}, onCloudflare());
    const deleted = await give(rig);
    const minted = await give(rig, { name: "a job", mintedFor: "https://ci.test 1", expiresAt: rig.now + SECOND });
    const said = async (text: string) => (await rig.get(PAGE, bearer(text))).text();
    expect(await said(deleted.text)).not.toContain("token");
    await env.DB.prepare("DELETE FROM token WHERE id = ?1").bind(deleted.id).run();
    rig.wait(SECOND);
    expect(await said(deleted.text)).toContain("not known here");
    expect(await said(minted.text)).toContain('"a job" expired');
    rig.wait(3_600 * SECOND);
    await give(rig);
    expect(await said(minted.text)).toContain("not known here");
  });
});

describe("while the database is away", () => {
  test("a token is 503, not refused and not let through, and is no attempt", async () => {
    const rig = await privateRig();
    const { text } = await give(rig);
    for (let times = 0; times < 30; times++) {
      rig.breakOnce("d1.prepare");
      const answer = await rig.get(PAGE, bearer(text));
      expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "1"]);
    }
    expect((await rig.get(PAGE, bearer(text))).status).toBe(200);
  });

  test("a token that was valid a second ago is 503 as well; one of the last 0.7 s is accepted, and so is the admin's", async () => {
    const rig = await privateRig({}, onCloudflare());
    const { text } = await give(rig);
    await rig.get(PAGE, bearer(text));
    rig.breakOnce("d1.prepare");
    expect((await rig.get(PAGE, bearer(text))).status).toBe(200);
    expect((await rig.get(PAGE, bearer(ADMIN_TOKEN))).status).toBe(200);
    rig.wait(SECOND);
    rig.breakOnce("d1.prepare");
    expect((await rig.get(PAGE, bearer(text))).status).toBe(503);
  });
});

describe("its last use", () => {
  const NEVER_READ = new SnapshotReader({
    query: tokenRightsIn(env.DB),
    copies: undefined,
    rules: rulesOf({ reuse: 0, skew: 0 }),
    now: () => 0,
  });

  const usedAt = async (rig: Rig, id: string) => (await rig.services.tokens.find(id, contextIn(rig)))?.usedAt;

  test("is written after five minutes, in one statement for all tokens", async () => {
    const rig = await privateRig();
    const tokens = [await give(rig), await give(rig)];
    for (const { text } of tokens) await rig.get(PAGE, bearer(text));
    const at = rig.now;
    expect(await usedAt(rig, tokens[0]?.id ?? "")).toBeUndefined();
    rig.wait(300 * SECOND);
    rig.forget();
    await rig.get("/team/simple/demo/");
    const written = [];
    for (const { id } of tokens) written.push(await usedAt(rig, id));
    expect(written).toEqual([at, at]);
  });

  test("never becomes earlier, in whatever order isolates write", async () => {
    const rig = await privateRig();
    const { id } = await give(rig);
    const isolate = (at: number) => {
      const tokens = tokensIn(env.DB, NEVER_READ);
      tokens.flush({ ...contextIn(rig), now: at });
      tokens.used(id, { ...contextIn(rig), now: at });
      return tokens;
    };
    const [slow, fast] = [isolate(rig.now), isolate(rig.now + SECOND)];
    for (const tokens of [fast, slow]) {
      const context = createExecutionContext();
      tokens.flush(contextOf(rig.now + 400 * SECOND, context, rig.services.counters, logAs("text")));
      await waitOnExecutionContext(context);
    }
    expect(await usedAt(rig, id)).toBe(rig.now + SECOND);
  });

  test("is not noted of one that was refused", async () => {
    const rig = await privateRig();
    const { id, text } = await give(rig, { expiresAt: rig.now });
    await rig.get(PAGE, bearer(text));
    rig.wait(300 * SECOND);
    await rig.get(PAGE, bearer(text));
    expect(await usedAt(rig, id)).toBeUndefined();
  });
});
