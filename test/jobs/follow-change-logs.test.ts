import { describe, expect, test, vi } from "vitest";
import { runJob } from "../../worker/jobs/schedule.ts";
import { manyRows } from "../support/feed.ts";
import { behind, FollowedRig, keeping, SOURCE, state } from "../support/followed.ts";
import { Rig } from "../support/rig.ts";

/** What the job says that it did. */
const did = async (rig: Rig, query = "") =>
  (JSON.parse((await rig.post(`jobs/feed${query}`)).text()) as { did: string[] }).did;

/** Listens to what the operator is told. */
const listening = () => vi.spyOn(console, "warn").mockImplementation(() => undefined);

/** The events of the feed that were told, in order. */
const eventsTold = (warn: ReturnType<typeof listening>) =>
  warn.mock.calls.map(([line]) => String(line)).filter((line) => /^(?:feed|job)-/.test(line));

const down = () => new Response(null, { status: 500 });

describe("each minute", () => {
  test("changed pages that are stored are fetched once, and no others", async () => {
    const rig = await keeping(["one", "two", "three"]);
    await rig.change("one", "unknown", "two", "one");
    await rig.minute();
    const projects = expect.toSatisfy((names: string[]) => names.toSorted().join(" ") === "one two");
    expect(rig.refreshes.messages).toEqual([{ source: SOURCE, projects, cause: "feed" }]);
    expect(await rig.deliverRefreshes()).toEqual({ done: 1, delays: [] });
    expect(rig.fetched().toSorted()).toEqual(["one", "two"]);
    expect(rig.counts["kv.put"]).toBe(2);
    expect(await behind()).toEqual({});
    await rig.minute();
    expect([rig.refreshes.messages, rig.fetched().length]).toEqual([[], 2]);
  });

  test("a client then gets the new page without a request to the upstream", async () => {
    const rig = await keeping(["demo"]);
    const serial = await rig.change("demo");
    await rig.minute();
    await rig.deliverRefreshes();
    rig.upstream.down = true;
    rig.wait(5_000);
    expect((await rig.page("demo")).json).toMatchObject({ versions: [`${serial}`] });
  });

  test("the log is read once from its last serial, and twice where it has no changes", async () => {
    const rig = await keeping(["demo"]);
    const before = rig.feed.serial;
    await rig.change("demo", "other");
    await rig.minute();
    expect(rig.feed.calls).toEqual([`changelog_since_serial(${before})`]);
    await rig.minute();
    expect(rig.feed.calls.slice(1)).toEqual([`changelog_since_serial(${before + 2})`, "changelog_last_serial()"]);
  });

  test("reports what it did when it is started by hand, and changes nothing in a dry run", async () => {
    const rig = await keeping(["demo"]);
    const before = rig.feed.serial;
    await rig.change("demo", "other");
    expect(await did(rig, "?dry-run=true")).toEqual([
      `pypi: the job would ask what has changed since serial ${before}; 0 outdated pages could be queued already.`,
    ]);
    expect([rig.feed.calls, rig.refreshes.messages]).toEqual([[], []]);
    expect(await did(rig)).toEqual([
      `pypi: 2 projects changed since serial ${before}.`,
      "pypi: 1 outdated page was queued.",
    ]);
    expect(await did(new Rig())).toEqual([
      "No upstream's change log is followed here: FEED is false, or no upstream has one. pypi-edge serve follows them with --feed.",
    ]);
  });
});

describe("a log that is followed for the first time", () => {
  test("is followed from a little before its end: a page that was just fetched may be older", async () => {
    const rig = new FollowedRig();
    await rig.change("demo", "other");
    rig.offer("demo", rig.feed.serial - 5);
    await rig.get("/simple/demo/");
    await rig.tick("* * * * *");
    expect(rig.feed.calls).toEqual(["changelog_last_serial()"]);
    await rig.minute();
    expect(rig.feed.calls.slice(1)).toEqual([`changelog_since_serial(${rig.feed.serial - 1_000})`]);
    expect(await behind()).toEqual({ demo: rig.feed.serial - 1 });
  });

  test.each([
    ["404", () => new Response(null, { status: 404 })],
    ["a page for people", () => new Response("<!doctype html><title>Index</title>")],
  ])("and does not exist (%s) is reported once, and not asked for again for a day", async (_what, none) => {
    const warn = listening();
    const rig = new FollowedRig();
    rig.feed.instead = none;
    await rig.tick("* * * * *");
    for (let hours = 0; hours < 23; hours++) {
      rig.wait(3_540_000);
      await rig.minute();
    }
    expect(rig.feed.calls).toHaveLength(1);
    rig.wait(3_600_000);
    await rig.minute();
    await rig.minute();
    expect(rig.feed.calls).toHaveLength(2);
    expect(eventsTold(warn)).toEqual(["feed-failed: pypi: it has no change log; it is asked again in a day"]);
    expect((await did(rig, "?dry-run=true"))[0]).toMatch(
      /^pypi: its change log is not read before 2026-.*Z: it has no change log; it is asked again in a day\.$/,
    );
  });
});

describe("an upstream's log that fails", () => {
  test.each([
    ["is away", down],
    ["is cut", () => new Response("<?xml version='1.0'?><methodResponse><params><param><value><array><data>")],
    ["answers with a page for people", () => new Response("<!doctype html><title>Busy</title>")],
    ["has vanished", () => new Response(null, { status: 404 })],
  ])("for an hour (it %s) is reported at its beginning and its end, and no change is lost", async (_what, instead) => {
    const projects = ["one", "two", "three"];
    const rig = await keeping(projects);
    const warn = listening();
    rig.feed.instead = instead;
    for (let minutes = 0; minutes < 60; minutes++) {
      if (minutes % 20 === 5) await rig.change("one", "two");
      await rig.minute();
    }
    // One that answers 5xx is asked twice more at once.
    expect(rig.feed.calls.length).toBeLessThanOrEqual(180);
    expect(rig.refreshes.messages).toEqual([]);
    rig.feed.instead = undefined;
    await rig.minute();
    await rig.deliverRefreshes();
    expect(eventsTold(warn).map((line) => line.split(":")[0])).toEqual(["feed-failed", "feed-recovered"]);
    const failed = await state();
    expect(failed.kv).toEqual([
      ["one", rig.feed.serial - 1],
      ["three", 40_000_003],
      ["two", rig.feed.serial],
    ]);
    expect(await behind()).toEqual({});
  });

  test("is not asked before its Retry-After", async () => {
    const rig = await keeping(["demo"]);
    rig.feed.instead = () => new Response(null, { status: 429, headers: { "Retry-After": "600" } });
    await rig.minute();
    for (let minutes = 0; minutes < 9; minutes++) await rig.minute();
    expect(rig.feed.calls).toHaveLength(1);
    await rig.minute();
    expect(rig.feed.calls).toHaveLength(2);
  });

  test("does not keep pages that are behind from being queued", async () => {
    const rig = await keeping(["demo"]);
    await rig.change("demo");
    rig.refreshes.down = true;
    await rig.minute();
    rig.refreshes.down = false;
    rig.feed.instead = down;
    await rig.minute();
    expect(rig.refreshes.messages).toHaveLength(1);
  });
});

describe("a log that cannot be followed on", () => {
  test("since there is more than is read is followed from its end, in two requests, and pages are checked by age", async () => {
    const rig = await keeping(["demo"]);
    const from = rig.feed.serial;
    rig.feed.reset(from + 60_000);
    rig.offer("demo", from + 60_000);
    let calls = 0;
    rig.feed.instead = () => (calls++ === 0 ? manyRows(50_000, from) : undefined);
    await rig.minute();
    expect(rig.feed.calls).toEqual([`changelog_since_serial(${from})`, "changelog_last_serial()"]);
    await rig.minute();
    expect(rig.feed.calls[2]).toBe(`changelog_since_serial(${from + 59_000})`);
    rig.wait(601_000);
    rig.forget();
    expect((await rig.page("demo")).json).toMatchObject({ versions: [`${from + 60_000}`] });
    expect(rig.fetched()).toEqual(["demo"]);
  });

  test("since the upstream counts from the beginning again is followed from there", async () => {
    const rig = await keeping(["demo"]);
    rig.feed.reset(17);
    await rig.minute();
    await rig.change("demo");
    await rig.minute();
    expect(rig.feed.calls.at(-1)).toBe("changelog_since_serial(0)");
    await rig.deliverRefreshes();
    expect(await state()).toEqual({
      kv: [["demo", 18]],
      d1: [{ project: "demo", serial: 18, announced_serial: null }],
    });
  });
});

describe("failures between two steps", () => {
  test("two ticks at once note and fetch what one does", async () => {
    const rig = await keeping(["one", "two"]);
    await rig.change("one", "two");
    rig.wait(60_000);
    await Promise.all([rig.tick("* * * * *"), rig.tick("* * * * *"), rig.tick("* * * * *")]);
    await rig.deliverRefreshes();
    expect(rig.fetched().toSorted()).toEqual(["one", "two"]);
    expect(await behind()).toEqual({});
  });

  test("a queue that is away has the next tick send them", async () => {
    const rig = await keeping(["demo"]);
    await rig.change("demo");
    rig.refreshes.down = true;
    await rig.minute();
    rig.refreshes.down = false;
    await rig.minute();
    expect(rig.refreshes.messages).toHaveLength(1);
  });

  test.each([1, 2, 3, 4, 5, 6])("a database that fails at the tick's call %i loses nothing", async (call) => {
    const rig = await keeping(["demo"]);
    const serial = await rig.change("demo");
    rig.breakOnce("d1.prepare", call);
    await rig.minute();
    await rig.minute();
    await rig.deliverRefreshes();
    expect(await state()).toEqual({
      kv: [["demo", serial]],
      d1: [{ project: "demo", serial, announced_serial: null }],
    });
    expect(rig.fetched()).toEqual(["demo"]);
  });

  test("a message that was lost is sent again after a quarter of an hour, and not earlier", async () => {
    const rig = await keeping(["demo"]);
    await rig.change("demo");
    await rig.minute();
    rig.refreshes.messages.length = 0;
    for (let minutes = 0; minutes < 14; minutes++) await rig.minute();
    expect(rig.refreshes.messages).toEqual([]);
    await rig.minute();
    expect(rig.refreshes.messages).toHaveLength(1);
  });

  test("a failure of one source does not affect another", async () => {
    const rig = new FollowedRig(
      {},
      {
        UPSTREAMS: {
          broken: { url: "https://upstream.test/broken/simple/" },
          pypi: { url: "https://upstream.test/simple/", files: "https://files.upstream.test/" },
        },
        INDEXES: { default: { sources: ["broken", "pypi"] } },
      },
    );
    const warn = listening();
    const { sources } = rig.services;
    const [broken] = [...sources.values()];
    if (!broken?.changes) throw new Error("its log is not followed");
    const log = { ...broken.changes.log, state: () => Promise.reject(new Error("D1 is away")) };
    const ground = new Map(sources).set(broken.key, { ...broken, changes: { ...broken.changes, log } });
    const ctx = { now: rig.now, defer: () => undefined, report: ({ what }: { what: string }) => console.warn(what) };
    const said = await runJob("feed", { ...rig.services, sources: ground }, ctx, { dryRun: false, byHand: false });
    expect(said).toEqual([
      { kind: "change-log-failed", source: "broken", step: "read", reason: "D1 is away" },
      { kind: "pages-queued", source: "broken", pages: 0 },
      { kind: "change-log-begun", source: "pypi", last: 40_000_000 },
      { kind: "pages-queued", source: "pypi", pages: 0 },
    ]);
    expect(warn.mock.calls).toEqual([["feed of broken"]]);
  });
});
