import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { createdToken, listedTokens, shownToken } from "../../schema/token.ts";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const INDEXES = {
  default: { sources: ["pypi"] },
  team: { sources: ["default"], hosted: true },
  other: { sources: ["default"], hosted: true },
};
const WISHED = { name: "ann", index: "team", scopes: ["read", "upload"] };

/** One request to the API; without a token it is the admin's. */
async function ask(rig: Rig, method: string, path: string, body?: unknown, token = ADMIN_TOKEN) {
  const { response, settled } = await rig.open(`/-/api/${path}`, {
    method,
    headers: bearer(token),
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  await settled();
  return { status: response.status, headers: response.headers, text };
}

/** A token that was made. */
async function made(rig: Rig, more: Record<string, unknown> = {}, token?: string) {
  const answer = await ask(rig, "POST", "tokens", { ...WISHED, ...more }, token);
  expect(answer.text).toContain('"token"');
  return createdToken.parse(JSON.parse(answer.text));
}

const rows = async (table: string) => (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results;

const ids = async (rig: Rig, query = "", token?: string) =>
  listedTokens
    .parse(JSON.parse((await ask(rig, "GET", `tokens${query}`, undefined, token)).text))
    .tokens.map(({ name }) => name);

describe("POST /-/api/tokens", () => {
  test("creates a token and shows it once, in an answer that no cache stores", async () => {
    const rig = new Rig({ INDEXES });
    const answer = await ask(rig, "POST", "tokens", { ...WISHED, projects: ["acme-*"], expires: "30d" });
    expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([201, "no-store"]);
    const { token, ...rest } = createdToken.parse(JSON.parse(answer.text));
    expect(rest).toEqual({
      id: token.slice(10, 26),
      ...WISHED,
      projects: ["acme-*"],
      created: new Date(rig.now).toISOString(),
      createdBy: "admin",
      expires: new Date(rig.now + 30 * DAY).toISOString(),
      revoked: null,
      lastUsed: null,
    });
    expect((await rig.get("/team/", bearer(token))).status).toBe(200);
    expect((await ask(rig, "GET", "tokens")).text).not.toContain(token.slice(-43));
    const [line] = await rows("audit");
    expect(line).toMatchObject({ action: "token.create", actor: "admin", index_name: "team", subject: rest.id });
    expect(JSON.parse(String(line?.["details"]))).toEqual({
      name: "ann",
      scopes: ["read", "upload"],
      projects: ["acme-*"],
      expires: rest.expires,
    });
    expect(JSON.stringify(line)).not.toContain(token.slice(-43));
  });

  test("creates one for every index that never expires, where the request asks for that", async () => {
    const rig = new Rig({ INDEXES });
    const { token, ...rest } = await made(rig, { index: "*", scopes: ["read", "read"] });
    expect(rest).toMatchObject({ index: "*", scopes: ["read"], projects: null, expires: null });
    expect((await rig.get("/other/", bearer(token))).status).toBe(200);
  });

  test.each([
    [3600, HOUR],
    ["3600", HOUR],
    ["90s", 90_000],
    ["12h", 12 * HOUR],
    ["2w", 14 * DAY],
    ["1y", 365 * DAY],
    ["2026-11-23", 12 * HOUR],
    ["2026-11-22T15:00:00+02:00", HOUR],
    ["2026-11-22T13:00:00.5Z", HOUR + 500],
  ])("ends it at %j", async (expires, after) => {
    const rig = new Rig({ INDEXES });
    expect((await made(rig, { expires })).expires).toBe(new Date(rig.now + after).toISOString());
  });

  test.each([
    ["", /name is missing; index is missing; scopes is missing/],
    ["nonsense", /not JSON/],
    ["[]", /must be a JSON object/],
    ["null", /must be a JSON object/],
    [{ ...WISHED, scope: "read", index_name: "team" }, /"scope" is not known here; "index_name" is not known here/],
    [{ ...WISHED, name: "" }, /name must be printable characters/],
    [{ ...WISHED, name: "   " }, /name must be more than spaces/],
    [{ ...WISHED, name: "a\nb" }, /name must be printable characters/],
    [{ ...WISHED, name: "a".repeat(101) }, /name must be at most 100 characters/],
    [{ ...WISHED, name: 7 }, /name must be a text/],
    [{ ...WISHED, scopes: [] }, /scopes must name at least one of read, warm, upload, yank, admin/],
    [{ ...WISHED, scopes: "read" }, /scopes must be an array/],
    [{ ...WISHED, scopes: ["read", "write"] }, /scopes.1 must be one of read, warm, upload, yank, admin/],
    [{ ...WISHED, projects: [] }, /projects must name at least one/],
    [{ ...WISHED, projects: ["acme/*"] }, /projects.0 must be project names/],
    [{ ...WISHED, projects: [{}] }, /projects.0 must be a text\./],
    [{ ...WISHED, name: "" }, /read: name must be printable characters, at least one; name must be more than spaces\./],
    [{ ...WISHED, scopes: Array(1_000).fill("a") }, /; scopes.9 must be .*; 990 more are wrong\./],
    [{ ...WISHED, projects: ["-acme"] }, /projects.0 must begin and end/],
    [{ ...WISHED, projects: ["a".repeat(201)] }, /projects.0 must be at most 200/],
    [{ ...WISHED, projects: Array(101).fill("a") }, /projects must be at most 100/],
    [{ ...WISHED, expires: "soon" }, /expires must be a date .* or a time from now/],
    [{ ...WISHED, expires: "30 days" }, /expires must be a date/],
    [{ ...WISHED, expires: "2027-02-30" }, /expires must be a date/],
    [{ ...WISHED, expires: "2027-01-01T12:00:00" }, /expires must be a date/],
    [{ ...WISHED, expires: -5 }, /expires must be a date/],
    [{ ...WISHED, expires: 0 }, /expires must be in the future/],
    [{ ...WISHED, expires: "2026-11-22" }, /expires must be in the future/],
    [{ ...WISHED, expires: 1_795_000_000 }, /expires must be within 5 years/],
    [{ ...WISHED, expires: null }, /expires must be a text or a number/],
    [
      { ...WISHED, index: "teem" },
      /There is no index "teem" here; index may be one of: default, team, other, or \* for/,
    ],
    [
      { ...WISHED, index: "default", scopes: ["read", "upload", "yank"] },
      /default hosts no packages of its own, so there is nothing to upload or yank there; indexes that do: team, other\./,
    ],
    [{ ...WISHED, scopes: ["read"], projects: ["acme-*"] }, /projects \(--project\) limits what a token writes/],
  ])("refuses %j with a sentence, and changes nothing", async (body, sentence) => {
    const rig = new Rig({ INDEXES });
    const answer = await ask(rig, "POST", "tokens", body);
    expect([answer.status >= 400 && answer.status < 500, answer.text]).toEqual([true, expect.stringMatching(sentence)]);
    expect(answer.text.trimEnd().split("\n")).toHaveLength(1);
    expect([await rows("token"), await rows("audit")]).toEqual([[], []]);
  });

  test.each(["\u202e", "\u2066", "\u200f", "\u061c", "\u0085", "\u2028", "\u2029", "\u200b", "\ufeff", "\ud800"])(
    "refuses the character %j in a name: it would control a terminal, or the direction of text",
    async (character) => {
      const answer = await ask(new Rig({ INDEXES }), "POST", "tokens", { ...WISHED, name: `a${character}b` });
      expect([answer.status, answer.text]).toEqual([422, expect.stringContaining("name must be printable characters")]);
    },
  );

  test.each([
    [["admin"], "default"],
    [["read"], "default"],
    [["upload"], "*"],
  ])("makes one for %j on %s, which may mean something", async (scopes, index) => {
    expect(await made(new Rig({ INDEXES }), { scopes, index })).toMatchObject({ scopes, index });
  });

  test("answers that no index takes uploads where none does", async () => {
    const rig = new Rig({ INDEXES: { default: { sources: ["pypi"] } } });
    const answer = await ask(rig, "POST", "tokens", { ...WISHED, index: "default" });
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("no index here does (hosted = true")]);
  });

  test("refuses a body without end, and parameters", async () => {
    const rig = new Rig({ INDEXES });
    expect((await ask(rig, "POST", "tokens", `"${"a".repeat(1024 ** 2)}"`)).status).toBe(413);
    expect((await ask(rig, "POST", "tokens?index=team", WISHED)).status).toBe(400);
    expect(await rows("token")).toEqual([]);
  });

  test("answers 503 while the database is away, and stores neither token nor audit entry", async () => {
    const rig = new Rig({ INDEXES });
    rig.breakOnce("d1.batch");
    expect((await ask(rig, "POST", "tokens", WISHED)).status).toBe(503);
    expect([await rows("token"), await rows("audit")]).toEqual([[], []]);
  });
});

describe("a token that is admin of an index", () => {
  test("makes and lists those of its index, and no other's, nor of every index", async () => {
    const rig = new Rig({ INDEXES });
    const admin = await give(rig, { name: "boss", scopes: ["admin"] });
    await give(rig, { name: "there", index: "other" });
    await give(rig, { name: "all", index: "*" });
    rig.wait(1_000);
    expect(await made(rig, { scopes: ["admin"], name: "new" }, admin.text)).toMatchObject({ createdBy: admin.id });
    expect(await ids(rig, "", admin.text)).toEqual(["new", "boss"]);
    expect(await ids(rig, "?index=team", admin.text)).toEqual(["new", "boss"]);
    expect(await ids(rig, "?index=*")).toEqual(["all"]);
    expect(new Set(await ids(rig))).toEqual(new Set(["new", "boss", "there", "all"]));
    for (const index of ["other", "*"]) {
      expect((await ask(rig, "POST", "tokens", { ...WISHED, index }, admin.text)).status).toBe(403);
      expect((await ask(rig, "GET", `tokens?index=${index}`, undefined, admin.text)).status).toBe(403);
    }
    expect((await rows("audit")).at(-1)).toMatchObject({ actor: admin.id, actor_name: "boss" });
  });

  test("limited to some projects lists only the tokens that it could have created", async () => {
    const rig = new Rig({ INDEXES });
    const admin = await give(rig, { name: "boss", scopes: ["admin"], projects: ["acme-*", "tool"] });
    await give(rig, { name: "web", scopes: ["upload", "read"], projects: ["acme-web-*"] });
    await give(rig, { name: "both", scopes: ["yank"], projects: ["Tool", "ACME_x"] });
    await give(rig, { name: "reader", scopes: ["read"] });
    await give(rig, { name: "zoo's", scopes: ["upload"], projects: ["zoo"] });
    await give(rig, { name: "mixed", scopes: ["upload"], projects: ["acme-web", "zoo"] });
    await give(rig, { name: "wider", scopes: ["admin"], projects: ["acme*"] });
    await give(rig, { name: "any", scopes: ["upload"] });
    await give(rig, { name: "there", index: "other", projects: ["acme-web"], scopes: ["upload"] });
    const own = ["boss", "both", "reader", "web"];
    expect((await ids(rig, "", admin.text)).toSorted()).toEqual(own);
    expect((await ids(rig, "?index=team", admin.text)).toSorted()).toEqual(own);
    const everywhere = await give(rig, { name: "all's", index: "*", scopes: ["admin"], projects: ["acme-*"] });
    expect((await ids(rig, "", everywhere.text)).toSorted()).toEqual(["all's", "reader", "there", "web"]);
    expect(await ids(rig)).toHaveLength(10);
  });

  test("cannot create a token for more projects than it has itself", async () => {
    const rig = new Rig({ INDEXES });
    const admin = await give(rig, { scopes: ["admin"], projects: ["acme-*", "tool"] });
    for (const projects of [["acme-*"], ["acme-web-*", "tool"], ["ACME_web"], ["Tool"]]) {
      await made(rig, { projects }, admin.text);
    }
    await made(rig, { scopes: ["read"] }, admin.text);
    for (const projects of [undefined, ["*"], ["acme*"], ["acme-*", "too*"], ["*acme-*"], ["tools"]]) {
      const answer = await ask(rig, "POST", "tokens", { ...WISHED, projects }, admin.text);
      expect([projects, answer.status, answer.text]).toEqual([
        projects,
        403,
        expect.stringContaining("only acme-*, tool"),
      ]);
    }
  });

  test("cannot create a token that expires after itself", async () => {
    const rig = new Rig({ INDEXES });
    const admin = await give(rig, { scopes: ["admin"], expiresAt: rig.now + DAY });
    expect((await made(rig, { expires: "1d" }, admin.text)).expires).toBe(new Date(rig.now + DAY).toISOString());
    for (const expires of [undefined, 86_401]) {
      const answer = await ask(rig, "POST", "tokens", { ...WISHED, expires }, admin.text);
      expect([answer.status, answer.text]).toEqual([
        403,
        expect.stringContaining("expires at 2026-11-23T12:00:00.000Z"),
      ]);
    }
  });

  test("has nothing of what is the whole installation's", async () => {
    const rig = new Rig({ INDEXES });
    const admin = await give(rig, { scopes: ["admin"] });
    for (const path of ["jobs/refresh", "warm?index=default", "wheelhouse?index=default"]) {
      expect([path, (await ask(rig, "POST", path, "", admin.text)).status]).toEqual([path, 403]);
    }
  });
});

describe("a client that may not administer tokens", () => {
  test.each(["GET", "POST", "DELETE", "PUT"])("is refused before anything is read: %s", async (method) => {
    const rig = new Rig({ INDEXES });
    const reader = await give(rig, { scopes: ["read", "upload", "yank"] });
    for (const path of ["tokens", `tokens/${reader.id}`, "tokens/none"]) {
      const body = method === "GET" ? undefined : "nonsense";
      expect([path, (await ask(rig, method, path, body, reader.text)).status]).toEqual([path, 403]);
      expect([path, (await ask(rig, method, path, body, "unknown")).status]).toEqual([path, 401]);
    }
  });

  test("an unknown address or method below it is a 404 or 405 for admins only", async () => {
    const rig = new Rig({ INDEXES });
    for (const path of ["tokens/a/b", "tokens/"]) {
      expect((await ask(rig, "GET", path, undefined, "unknown")).status).toBe(401);
      expect((await ask(rig, "GET", path)).status).toBe(404);
    }
    const wrong = [await ask(rig, "PUT", "tokens", ""), await ask(rig, "GET", "tokens/x")];
    expect(wrong.map(({ status, headers }) => [status, headers.get("Allow")])).toEqual([
      [405, "GET, HEAD, POST"],
      [405, "DELETE"],
    ]);
  });
});

describe("GET /-/api/tokens", () => {
  test("refuses an index that there is not, and other parameters", async () => {
    const rig = new Rig({ INDEXES });
    expect((await ask(rig, "GET", "tokens?index=none")).status).toBe(400);
    expect((await ask(rig, "GET", "tokens?name=x")).status).toBe(400);
  });

  test("is no cache's", async () => {
    expect((await ask(new Rig({ INDEXES }), "GET", "tokens")).headers.get("Cache-Control")).toBe("no-store");
  });
});

describe("DELETE /-/api/tokens/{id}", () => {
  const revoke = (rig: Rig, id: string, token?: string) => ask(rig, "DELETE", `tokens/${id}`, undefined, token);

  test("revokes a token; a second request has the same answer and writes nothing", async () => {
    const rig = new Rig({ INDEXES });
    const { id, text } = await give(rig);
    const first = await revoke(rig, id);
    expect([first.status, shownToken.parse(JSON.parse(first.text)).revoked]).toEqual([
      200,
      new Date(rig.now).toISOString(),
    ]);
    rig.wait(HOUR);
    expect(await revoke(rig, id)).toMatchObject({ status: 200, text: first.text });
    expect((await rig.get("/team/", bearer(text))).status).toBe(401);
    expect((await rows("audit")).map(({ action }) => action)).toEqual(["token.create", "token.revoke"]);
    expect((await rows("audit"))[1]).toMatchObject({ subject: id, index_name: "team", actor: "admin" });
  });

  test("is 404 for an id that no token has, and for another index's token", async () => {
    const rig = new Rig({ INDEXES });
    const admin = await give(rig, { scopes: ["admin"] });
    const there = await give(rig, { index: "other" });
    const all = await give(rig, { index: "*" });
    const answers = [];
    for (const id of ["0".repeat(16), "x", there.id, all.id]) {
      const { status, text } = await revoke(rig, id, admin.text);
      answers.push(`${status} ${text}`);
    }
    expect(new Set(answers)).toEqual(new Set([expect.stringMatching(/^404 There is no token with this id/)]));
    expect((await revoke(rig, "x")).status).toBe(404);
    expect((await rig.get("/other/", bearer(there.text))).status).toBe(200);
  });

  test("is refused to an admin of other projects", async () => {
    const rig = new Rig({ INDEXES });
    const admin = await give(rig, { scopes: ["admin"], projects: ["acme-*"], expiresAt: rig.now + HOUR });
    const theirs = await give(rig, { scopes: ["upload"], projects: ["zoo"] });
    const everybodys = await give(rig, { scopes: ["admin"] });
    const own = await give(rig, { scopes: ["upload"], projects: ["acme-web"] });
    for (const { id } of [theirs, everybodys]) {
      const { status, text } = await revoke(rig, id, admin.text);
      expect([status, text]).toEqual([404, (await revoke(rig, "0".repeat(16), admin.text)).text]);
    }
    expect((await revoke(rig, own.id, admin.text)).status).toBe(200);
  });

  test("answers 503 while the database is away, and does not change the token", async () => {
    const rig = new Rig({ INDEXES });
    const { id, text } = await give(rig);
    rig.breakOnce("d1.prepare");
    expect((await revoke(rig, id)).status).toBe(503);
    rig.breakOnce("d1.batch");
    expect((await revoke(rig, id)).status).toBe(503);
    expect((await rig.get("/team/", bearer(text))).status).toBe(200);
    expect(await rows("audit")).toHaveLength(1);
  });
});
