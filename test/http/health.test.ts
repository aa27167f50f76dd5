import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { cronRow } from "../../schema/crons.ts";
import { OLD } from "../support/guarded.ts";
import { storeAdvisories } from "../support/osv.ts";
import { filePath, ADMIN_TOKEN, Rig } from "../support/rig.ts";

afterEach(() => vi.restoreAllMocks());

const MINUTE = 60_000;
const CRONS = ["* * * * *", "*/5 * * * *", "0 * * * *"] as const;

async function health(rig: Rig) {
  const { status, headers, text } = await rig.get("/-/health");
  expect([status, headers.get("Cache-Control")]).toEqual([200, "no-store"]);
  return JSON.parse(text()) as { status: string; notice?: string; overdue?: { cron: string; since: string }[] };
}

/** A rig whose crons are expected since now. */
async function expecting(): Promise<Rig> {
  const rig = new Rig();
  await env.DB.prepare("UPDATE job SET ran_at = ?1 WHERE name LIKE 'cron:%'").bind(rig.now).run();
  return rig;
}

describe("a cron that does not run", () => {
  test.each([
    [CRONS[0], 17],
    [CRONS[1], 25],
    [CRONS[2], 135],
  ])("is overdue after two turns and a long run: %s after %i minutes", async (late, minutes) => {
    const rig = await expecting();
    const since = new Date(rig.now).toISOString();
    const others = CRONS.filter((cron) => cron !== late);
    rig.wait(minutes * MINUTE);
    for (const cron of others) await rig.tick(cron);
    rig.restart();
    expect(await health(rig)).toEqual({ status: "ok" });
    rig.wait(MINUTE);
    rig.restart();
    expect(await health(rig)).toEqual({ status: "degraded", overdue: [{ cron: late, since }] });
    await rig.tick(late);
    rig.wait(30_000);
    expect(await health(rig)).toEqual({ status: "ok" });
  });

  test("is overdue where it never ran, and not where it is not expected (npm start --no-cron)", async () => {
    const rig = await expecting();
    rig.wait(1_000 * MINUTE);
    expect((await health(rig)).overdue).toHaveLength(3);
    await env.DB.prepare("DELETE FROM job WHERE name = ?1").bind(cronRow(CRONS[0])).run();
    rig.restart();
    expect((await health(rig)).overdue?.map(({ cron }) => cron)).toEqual([CRONS[1], CRONS[2]]);
  });
});

test("a job that fails, and a job that a person starts, say nothing of the cron", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const rig = await expecting();
  rig.wait(200 * MINUTE);
  await rig.post("jobs/refresh", "", { Authorization: `Bearer ${ADMIN_TOKEN}` });
  expect((await health(rig)).overdue).toHaveLength(3);
  for (const cron of CRONS) await rig.tick(cron);
  rig.restart();
  expect(await health(rig)).toEqual({ status: "ok" });
});

test("a cron that cannot be noted runs all the same", async () => {
  const said = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const rig = await expecting();
  await env.DB.prepare("DROP TABLE job").run();
  await rig.tick("*/5 * * * *");
  expect(said.mock.calls.flat()).toEqual([expect.stringMatching(/^job-failed: noting the cron \*\/5 \* \* \* \*: /)]);
});

test("costs one read in 30 s, however many requests come", async () => {
  const rig = await expecting();
  for (let times = 0; times < 20; times++) await health(rig);
  expect(rig.counts).toEqual({ "d1.prepare": 1 });
  rig.wait(30_000);
  await health(rig);
  expect(rig.counts).toEqual({ "d1.prepare": 2 });
});

test("a database that never answers is not waited for", async () => {
  const never = { prepare: () => ({ all: () => new Promise(() => undefined) }) } as unknown as D1Database;
  expect(await health(new Rig({}, { database: never }))).toEqual({ status: "ok" });
});

test("says what is wrong with the stores, and asks the platform once in 30 s", async () => {
  let sentence: string | undefined = "The disk is full.";
  let asked = 0;
  const trouble = async () => (asked++, sentence);
  const rig = new Rig({}, { trouble });
  for (let times = 0; times < 3; times++)
    expect(await health(rig)).toEqual({ status: "degraded", storage: "The disk is full." });
  expect(asked).toBe(1);
  sentence = undefined;
  rig.wait(30_000);
  expect(await health(rig)).toEqual({ status: "ok" });
});

describe("with ?deep", () => {
  const deep = async (rig: Rig) => {
    const { status, headers, text } = await rig.get("/-/health?deep");
    expect(headers.get("Cache-Control")).toBe("no-store");
    return [status, JSON.parse(text()) as unknown];
  };
  const away = () => Promise.reject(new Error("away"));

  test("it is ok where all stores can be read, and costs their reads once in 30 s", async () => {
    const rig = await expecting();
    for (let times = 0; times < 20; times++) expect(await deep(rig)).toEqual([200, { status: "ok" }]);
    expect(rig.counts).toEqual({ "d1.prepare": 3, "kv.get": 1, "r2.head": 1 });
  });

  test.each([
    ["database", { prepare: () => ({ first: away, all: away }) }],
    ["objects", { head: () => new Promise(() => undefined) }],
    ["keyValue", { get: away }],
  ])("it is 503 and names a store that cannot be read: %s", async (name, store) => {
    expect(await deep(new Rig({}, { [name]: store }))).toEqual([503, { status: "degraded", unreadable: [name] }]);
  });

  test("an upstream that does not answer is counted, is not named, and is no reason for 503", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const rig = await expecting();
    rig.upstream.down = true;
    await rig.get("/simple/demo/");
    expect(await deep(rig)).toEqual([200, { status: "degraded", upstreams: "1 of 1 did not answer when last asked." }]);
  });
});

test("stores that do not say how they are are not waited for", async () => {
  const trouble = () => new Promise<undefined>(() => undefined);
  expect(await health(new Rig({}, { trouble }))).toEqual({ status: "degraded", storage: "The stores do not answer." });
});

describe("advisories that policies go by", () => {
  const INDEXES = { default: { sources: ["pypi"], policy: { malware: "enforce" } } };

  test("are a notice while none are loaded, which is no fault, and one while they are too old or could not be read", async () => {
    const rig = new Rig({ INDEXES });
    expect(await health(rig)).toEqual({
      status: "ok",
      notice:
        "No advisories are loaded: index default lets through what its rules on malware and vulnerabilities would refuse. pypi-edge osv load FILE loads them, or OSV in the configuration (serve --osv) keeps them.",
    });
    await storeAdvisories(rig, []);
    rig.restart();
    expect(await health(rig)).toEqual({ status: "ok" });
    rig.wait(31 * 24 * 60 * MINUTE);
    expect(await health(rig)).toMatchObject({
      status: "degraded",
      advisories: expect.stringContaining("those of 2026-11-22"),
    });
    await rig.services.advisoryIndex.note({ failure: "osv.test: it is away", checkedAt: rig.now });
    rig.restart();
    const { status, ...said } = await health(rig);
    expect([status, JSON.stringify(said)]).toEqual(["degraded", expect.not.stringContaining("osv.test")]);
  });

  test.each([
    [
      { malware: "enforce" },
      { malware: "audit" },
      "indexes default, team let through what their rules on malware and vulnerabilities would refuse",
    ],
    [
      { malware: "enforce", on_missing: "refuse" },
      { malware: "audit" },
      "indexes default, team have rules that refuse every file until then",
    ],
    [
      { malware: "audit", on_missing: "refuse" },
      { vulnerable: { severity: "high" }, on_missing: "refuse" },
      "index team has rules that refuse every file until then, and index default lets through what its rules on malware and vulnerabilities would refuse",
    ],
  ])("are said to be missed by each index as it answers without them: %j %j", async (below, own, sentence) => {
    const team = { sources: ["default"], policy: own };
    const rig = new Rig({ INDEXES: { default: { sources: ["pypi"], policy: below }, team } });
    expect((await health(rig)).notice).toBe(
      `No advisories are loaded: ${sentence}. pypi-edge osv load FILE loads them, or OSV in the configuration (serve --osv) keeps them.`,
    );
    await rig.upstream.publish("demo", [OLD]);
    const paths = ["", "/team"].map((base) => base + filePath(OLD.filename));
    const answers = await Promise.all(paths.map(async (path) => (await rig.get(path)).status));
    const refused = /^index(?:es)? ([\w, ]+) ha/.exec(sentence)?.[1]?.split(", ") ?? [];
    expect(answers).toEqual(["default", "team"].map((name) => (refused.includes(name) ? 403 : 200)));
  });

  test("are not asked for where no policy goes by them", async () => {
    const rig = new Rig();
    await rig.services.advisoryIndex.note({ failure: "it is away" });
    expect(await health(rig)).toEqual({ status: "ok" });
  });
});
