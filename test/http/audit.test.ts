import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { auditLine } from "../../schema/release.ts";
import { auditEntryStatement } from "../../worker/storage/d1/audit-entry.ts";
import type { Database } from "../../worker/platform/database.ts";
import { ADMIN } from "../../worker/auth/principal.ts";
import type { Rig } from "../support/rig.ts";
import { at, call, host, team } from "../support/releases.ts";

const db: Database = env.DB;

const START = Date.parse("2026-11-22T12:00:00Z");

/** Writes so many lines, a second apart; `of` says what differs. */
async function written(count: number, of: (n: number) => Record<string, string> = () => ({})) {
  const rows = Array.from({ length: count }, (_, n) =>
    auditEntryStatement(
      db,
      {
        principal: ADMIN,
        origin: "192.0.2.1",
        action: "upload",
        index: "team",
        project: "demo",
        subject: `demo-${n}.tar.gz`,
        details: { n },
        ...of(n),
      },
      START + n * 1_000,
    ),
  );
  await db.batch(rows);
}

async function read(rig: Rig, query = "") {
  const { status, text, headers } = await call(rig, "GET", `audit${query}`);
  expect([status, headers.get("Content-Type"), headers.get("Cache-Control")]).toEqual([
    200,
    "application/x-ndjson",
    "no-store",
  ]);
  const lines = text === "" ? [] : text.trimEnd().split("\n");
  return lines.map((line) => auditLine.parse(JSON.parse(line)));
}

const subjects = async (rig: Rig, query: string) => (await read(rig, query)).map(({ subject }) => subject);

describe("the audit log", () => {
  test("is a line of JSON for each write, the oldest first", async () => {
    const rig = team();
    await host("team", "demo-1.0-py3-none-any.whl");
    await call(
      rig,
      "POST",
      at("team", "demo", "1.0", "yank"),
      { reason: "broken" },
      {
        Authorization: "Bearer a-token-for-the-tests",
        "CF-Connecting-IP": "2001:db8::1",
      },
    );
    rig.wait(1_000);
    await call(rig, "DELETE", at("team", "demo", "1.0"));
    const [first, second] = await read(rig);
    expect(first).toEqual({
      id: 1,
      at: "2026-11-22T12:00:00.000Z",
      actor: "admin",
      actorName: "ADMIN_TOKEN",
      origin: "2001:db8::1",
      action: "yank",
      index: "team",
      project: "demo",
      subject: "1.0",
      details: { version: "1.0", files: ["demo-1.0-py3-none-any.whl"], reason: "broken" },
    });
    expect(second).toMatchObject({ id: 2, at: "2026-11-22T12:00:01.000Z", action: "delete", origin: "" });
  });

  test("is empty where nothing was written", async () => {
    expect(await read(team())).toEqual([]);
  });

  test("is read in pages, each entry once", async () => {
    await written(1_200);
    const rig = team();
    rig.forget();
    expect((await read(rig)).map(({ id }) => id)).toEqual(Array.from({ length: 1_200 }, (_, n) => n + 1));
    expect(rig.counts["d1.prepare"]).toBe(3);
  });

  test("with 1,000 lines, which is two pages, has no more than these", async () => {
    await written(1_000);
    expect(await read(team())).toHaveLength(1_000);
  });

  test("can be read from an entry on, up to a limit", async () => {
    await written(700);
    const rig = team();
    expect((await read(rig, "?after=10&limit=3")).map(({ id }) => id)).toEqual([11, 12, 13]);
    expect(await read(rig, "?limit=600")).toHaveLength(600);
    expect(await read(rig, "?after=700")).toEqual([]);
    expect(await read(rig, "?limit=0")).toEqual([]);
  });

  test("can be filtered by time, index, project and actor", async () => {
    await written(6, (n) => ({ index: n % 2 ? "prod" : "team", project: n < 3 ? "demo" : "other" }));
    await env.DB.prepare("UPDATE audit SET actor = 't1' WHERE id = 5").run();
    const rig = team();
    const all = [0, 1, 2, 3, 4, 5].map((n) => `demo-${n}.tar.gz`);
    expect(await subjects(rig, "?index=prod")).toEqual([all[1], all[3], all[5]]);
    expect(await subjects(rig, "?index=team&project=Other")).toEqual([all[4]]);
    expect(await subjects(rig, "?actor=t1")).toEqual([all[4]]);
    await env.DB.prepare("UPDATE audit SET actor_name = 'ci' WHERE id = 5").run();
    expect(await subjects(rig, "?actor=ci")).toEqual([all[4]]);
    expect(await subjects(rig, "?since=2026-11-22T12:00:03Z")).toEqual(all.slice(3));
    expect(await subjects(rig, "?since=2026-11-22T12:00:03")).toEqual(all.slice(3));
    expect(await subjects(rig, "?since=2026-11-22T13:00:03.5%2B01:00")).toEqual(all.slice(4));
    expect(await subjects(rig, `?since=${START + 5_000}`)).toEqual(all.slice(5));
    expect(await subjects(rig, "?since=2026-11-22")).toEqual(all);
    expect(await subjects(rig, "?since=2026-11-23")).toEqual([]);
  });

  test("can be read newest first, up to a time, and of one kind", async () => {
    await written(1_200);
    await env.DB.prepare("UPDATE audit SET action = 'yank' WHERE id IN (3, 4)").run();
    const rig = team();
    expect((await read(rig, "?newest")).map(({ id }) => id)).toEqual(
      Array.from({ length: 1_200 }, (_, n) => 1_200 - n),
    );
    expect((await read(rig, "?newest=1&before=11&limit=3")).map(({ id }) => id)).toEqual([10, 9, 8]);
    expect((await read(rig, "?before=3")).map(({ id }) => id)).toEqual([1, 2]);
    expect((await read(rig, "?action=yank&newest")).map(({ id }) => id)).toEqual([4, 3]);
    expect(await read(rig, "?until=2026-11-22T12:00:02Z")).toHaveLength(2);
    expect(await read(rig, "?until=2026-11-21")).toEqual([]);
    expect(await read(rig, "?until=2026-11-22&since=2026-11-22")).toHaveLength(1_200);
  });

  test("is CSV where that is asked for, in which no cell is a formula, and no cell ends early", async () => {
    const hostile = '=HYPERLINK("https://evil.test","x")';
    const [first, second, third] = [{ subject: hostile }, { subject: ' @SUM(1,2)\t"' }, { subject: "a;=1\n-2" }];
    await written(3, (n) => ({ ...[first, second, third][n], project: n === 2 ? "-x" : "demo" }));
    await env.DB.prepare("UPDATE audit SET actor_name = ?1 WHERE id = 3").bind("\uff1d1+1").run();
    const { headers, text } = await call(team(), "GET", "audit?format=csv&limit=3");
    expect(headers.get("Content-Type")).toBe("text/csv; charset=utf-8; header=present");
    const cells = text
      .split("\r\n")
      .map((line) => [...line.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map(([, cell]) => cell));
    const start = "2026-11-22T12:00:0";
    const common = ["192.0.2.1", "upload", "team"];
    expect(cells).toEqual([
      ["id", "at", "actor", "actorName", "origin", "action", "index", "project", "subject", "details"],
      [
        "1",
        `${start}0.000Z`,
        "admin",
        "ADMIN_TOKEN",
        ...common,
        "demo",
        `'${hostile.replaceAll('"', '""')}`,
        '{""n"":0}',
      ],
      ["2", `${start}1.000Z`, "admin", "ADMIN_TOKEN", ...common, "demo", '\' @SUM(1,2)\\u0009""', '{""n"":1}'],
      ["3", `${start}2.000Z`, "admin", "'\uff1d1+1", ...common, "'-x", "a;=1\\u000a-2", '{""n"":2}'],
      [],
    ]);
    expect((await call(team(), "GET", "audit?format=csv&action=delete")).text.split("\r\n")).toHaveLength(2);
  });

  test.each([
    ["since=yesterday", /^since is "yesterday"; it must be a time such as/],
    ["since=2026", /^since is "2026"; it must be a time such as/],
    ["since=2026-13-45", /^since is/],
    ["after=x", /^after is "x"; it must be a whole number\./],
    ["limit=-1", /^limit is "-1"/],
    ["until=2026", /^until is "2026"; it must be a time such as/],
    ["action=eat", /^action is "eat"; it can be upload, attest, yank, /],
    ["format=xml", /^format is "xml"; it can be json or csv\./],
    ["format=toString", /^format is/],
    ["newest=2", /^newest is "2"; it can be true/],
    ["user=x", /^"user" is not a parameter of this address/],
    ["project=-", /is not a project name/],
  ])("with %s is refused with the reason", async (query, sentence) => {
    const { status, text } = await call(team(), "GET", `audit?${query}`);
    expect([status, text]).toEqual([400, expect.stringMatching(sentence)]);
  });

  test.each(["POST", "PUT", "DELETE"])("refuses %s: it cannot be changed", async (method) => {
    const { status, headers } = await call(team(), method, "audit");
    expect([status, headers.get("Allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("is 401 without a token", async () => {
    expect((await call(team(), "GET", "audit", undefined, {})).status).toBe(401);
    expect((await call(team(), "GET", "audit?index=nosuch", undefined, {})).status).toBe(401);
  });

  test("is 503 where the database is away, and a broken transfer where it fails in between", async () => {
    await written(600);
    const rig = team();
    rig.breakOnce("d1.prepare");
    expect((await call(rig, "GET", "audit")).status).toBe(503);
    rig.breakOnce("d1.prepare", 2);
    await expect(call(rig, "GET", "audit")).rejects.toThrow("storage here cannot be used");
  });
});
