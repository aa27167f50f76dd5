import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { hashOfSecret, makeToken } from "../../worker/auth/token.ts";
import { Rig } from "../support/rig.ts";
import { contextIn, deed, give } from "../support/tokens.ts";

const HOUR = 3_600_000;

const rows = async (table: string) => (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results;

test("a token's text begins so that scanners find it, and has a secret of 256 bits", () => {
  const { id, secret, text } = makeToken();
  expect(text).toMatch(/^pypi-edge_[\da-f]{16}_[\w-]{43}$/);
  expect(text).toBe(`pypi-edge_${id}_${secret}`);
  expect(Uint8Array.fromBase64(secret, { alphabet: "base64url" })).toHaveLength(32);
  expect(makeToken().secret).not.toBe(secret);
});

test("only a secret's hash is stored, together with the token's creator", async () => {
  const rig = new Rig();
  const { id, text } = await give(rig, { projects: ["acme-*"], expiresAt: rig.now + HOUR });
  const secret = text.slice(-43);
  const [token] = await rows("token");
  expect(token).toEqual({
    id,
    name: "a test's",
    hash: hashOfSecret(secret),
    index_name: "team",
    scopes: '["read"]',
    projects: '["acme-*"]',
    created_at: rig.now,
    created_by: "admin",
    expires_at: rig.now + HOUR,
    revoked_at: null,
    used_at: null,
    minted_for: null,
    changed: expect.any(Number) as number,
  });
  expect(await rows("audit")).toMatchObject([{ actor: "admin", action: "token.create", subject: id, at: rig.now }]);
  expect(JSON.stringify([await rows("token"), await rows("audit")])).not.toContain(secret);
});

test("for one identity token one token is made, and the second leaves no trace", async () => {
  const rig = new Rig();
  const mint = async (id: string, mintedFor?: string) => {
    const token = { id, name: "ci", hash: "aa", index: "team", scopes: ["upload"] as const, expiresAt: undefined };
    return rig.services.tokens.create({ ...token, mintedFor }, deed(id), contextIn(rig));
  };
  expect([await mint("one", "https://ci.test 7"), await mint("two", "https://ci.test 7")]).toEqual([
    "created",
    "minted-before",
  ]);
  expect([await mint("three", "https://ci.test 8"), await mint("four"), await mint("five")]).toEqual(
    Array(3).fill("created"),
  );
  expect(new Set((await rows("token")).map(({ id }) => id))).toEqual(new Set(["one", "three", "four", "five"]));
  expect((await rows("audit")).map(({ subject }) => subject)).toEqual(["one", "three", "four", "five"]);
});

test.each([
  ["create", "d1.batch", (rig: Rig) => give(rig)],
  ["revoke", "d1.batch", (rig: Rig) => rig.services.tokens.revoke("x", deed("x", "token.revoke"), contextIn(rig))],
  ["find", "d1.prepare", (rig: Rig) => rig.services.tokens.find("x", contextIn(rig))],
  ["list", "d1.prepare", (rig: Rig) => rig.services.tokens.list(undefined, contextIn(rig))],
])("%s fails with storage-failed while the database is away, and changes nothing", async (_what, operation, act) => {
  const rig = new Rig();
  rig.breakOnce(operation);
  await expect(act(rig)).rejects.toMatchObject({
    kind: "storage-failed",
    message: expect.stringContaining("database"),
  });
  expect([await rows("token"), await rows("audit")]).toEqual([[], []]);
});

test("a token is revoked once, and stays as it was then", async () => {
  const rig = new Rig();
  const { id } = await give(rig);
  const at = rig.now + HOUR;
  for (let times = 0; times < 2; times++) {
    rig.wait(HOUR);
    await rig.services.tokens.revoke(id, deed(id, "token.revoke"), contextIn(rig));
  }
  expect(await rig.services.tokens.find(id, contextIn(rig))).toMatchObject({ id, revokedAt: at });
});

test("tokens are listed by index, the newest first, without their hashes", async () => {
  const rig = new Rig();
  const ids: string[] = [];
  for (const index of ["team", "other", "*", "team"]) {
    rig.wait(1_000);
    ids.push((await give(rig, { index })).id);
  }
  const listed = async (index?: string) => (await rig.services.tokens.list(index, contextIn(rig))).map(({ id }) => id);
  expect(await listed()).toEqual(ids.toReversed());
  expect([await listed("team"), await listed("*"), await listed("none")]).toEqual([[ids[3], ids[0]], [ids[2]], []]);
  expect(JSON.stringify(await rig.services.tokens.list(undefined, contextIn(rig)))).not.toContain("hash");
});
