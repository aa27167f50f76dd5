import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { parseProjectName, type ProjectName } from "../../../worker/pypi/name.ts";
import { pagesBehindIn } from "../../../worker/storage/d1/pages-behind.ts";
import { catalogOf } from "../../../worker/storage/d1/catalog.ts";
import { changeLogPositionIn } from "../../../worker/storage/d1/change-log-position.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const MINUTE = 60_000;
const DEMO = parseProjectName("demo");
const OTHER = parseProjectName("other");

const log = changeLogPositionIn(env.DB, "a", "page/a");
const behind = pagesBehindIn(env.DB, "a");

const changes = (serials: Record<string, number>) => ({
  projects: new Map(Object.entries(serials).map(([name, serial]) => [parseProjectName(name), serial])),
  last: Math.max(...Object.values(serials)),
});

/** A page of this serial is kept, as a writer leaves it that was done. */
async function keep(name: ProjectName, serial: number | undefined, changedAt = NOW, source = "a") {
  const catalog = catalogOf(env.DB, source);
  const head = { digest: "", changedAt, serial, size: 0, plainSize: 0 };
  await catalog.claim(name, head, changedAt);
  await catalog.settle(name, head);
}

const wanted = async (...names: ProjectName[]) => Object.fromEntries(await behind.among(names));

describe("how far a log has been followed", () => {
  test("is nothing at first, then where it began, then where it was followed to", async () => {
    expect(await log.state()).toBeNull();
    await log.begin(10, NOW);
    const begun = { serial: 10, since: NOW, polledAt: NOW, retryAt: 0, failure: undefined };
    expect(await log.state()).toEqual(begun);
    expect(await log.advance(10, changes({ demo: 12 }), NOW + 1)).toBe(true);
    expect(await log.state()).toEqual({ ...begun, serial: 12, polledAt: NOW + 1 });
    expect(await log.advance(12, { projects: new Map(), last: undefined }, NOW + 2)).toBe(true);
    expect(await log.state()).toEqual({ ...begun, serial: 12, polledAt: NOW + 2 });
  });

  test("stays while it fails, also where it was never followed; why and until when goes when it is followed", async () => {
    await log.failed("it is away", NOW + 5);
    expect(await log.state()).toEqual({
      serial: undefined,
      since: 0,
      polledAt: 0,
      retryAt: NOW + 5,
      failure: "it is away",
    });
    await log.begin(10, NOW);
    await log.failed("it is away again", NOW + 6);
    expect(await log.state()).toMatchObject({
      serial: 10,
      polledAt: NOW,
      retryAt: NOW + 6,
      failure: "it is away again",
    });
    await log.advance(10, changes({ demo: 11 }), NOW + 7);
    expect(await log.state()).toMatchObject({ serial: 11, polledAt: NOW + 7, retryAt: 0, failure: undefined });
  });

  test("is moved on by one of two that followed it at once, and the other has noted nothing", async () => {
    await log.begin(10, NOW);
    await keep(DEMO, 5);
    await keep(OTHER, 5);
    const both = await Promise.all([
      log.advance(10, changes({ demo: 11 }), NOW),
      log.advance(10, changes({ other: 12 }), NOW),
    ]);
    expect(both.toSorted()).toEqual([false, true]);
    const first = both[0];
    expect(await wanted(DEMO, OTHER)).toEqual(first ? { demo: 11 } : { other: 12 });
    expect((await log.state())?.serial).toBe(first ? 11 : 12);
    expect(await log.advance(10, changes({ demo: 13, other: 14 }), NOW)).toBe(false);
    expect(await wanted(DEMO, OTHER)).toEqual(first ? { demo: 11 } : { other: 12 });
  });

  test("is each source's own", async () => {
    await log.begin(10, NOW);
    await keep(DEMO, 5, NOW, "b");
    await log.advance(10, changes({ demo: 11 }), NOW);
    expect(await pagesBehindIn(env.DB, "b").count()).toBe(0);
    expect(await changeLogPositionIn(env.DB, "b", "page/b").state()).toBeNull();
    expect(await changeLogPositionIn(env.DB, "b", "page/b").advance(10, changes({ demo: 11 }), NOW)).toBe(false);
  });
});

describe("what has changed", () => {
  test("is behind where it is stored and older, or without a serial", async () => {
    await log.begin(10, NOW);
    await keep(DEMO, 11);
    await keep(OTHER, 15);
    await keep(parseProjectName("none"), undefined);
    await log.advance(10, changes({ demo: 12, other: 13, none: 14, "not-kept": 16 }), NOW);
    expect(await wanted(DEMO, OTHER, parseProjectName("none"), parseProjectName("not-kept"))).toEqual({
      demo: 12,
      none: 14,
    });
    expect(await behind.count()).toBe(2);
  });

  test("twice is behind the later serial, and is queued again", async () => {
    await log.begin(10, NOW);
    await keep(DEMO, 5);
    await log.advance(10, changes({ demo: 12 }), NOW);
    await behind.queued([DEMO], NOW);
    expect(await behind.due(NOW - 1, 10)).toEqual([]);
    await log.advance(12, changes({ demo: 13 }), NOW);
    expect([await wanted(DEMO), await behind.due(NOW - 1, 10)]).toEqual([{ demo: 13 }, ["demo"]]);
  });

  test("within ten minutes before a page is stored that does not have it yet is behind", async () => {
    await log.begin(10, NOW);
    await log.advance(10, changes({ demo: 12, other: 13 }), NOW);
    await log.advance(13, changes({ third: 14 }), NOW + 9 * MINUTE);
    await keep(DEMO, 8, NOW + 9 * MINUTE);
    await keep(OTHER, 13, NOW + 9 * MINUTE);
    expect(await wanted(DEMO, OTHER)).toEqual({ demo: 12 });
    await log.advance(14, { projects: new Map(), last: undefined }, NOW + 11 * MINUTE);
    await keep(OTHER, 8, NOW + 72 * MINUTE);
    await keep(parseProjectName("third"), 8, NOW + 72 * MINUTE);
    expect(await wanted(OTHER, parseProjectName("third"))).toEqual({ third: 14 });
  });

  test("in 12,000 projects at once is behind in each that is stored", async () => {
    await log.begin(10, NOW);
    const names = Array.from({ length: 1_500 }, (_, at) => parseProjectName(`p-${at * 8}`));
    await env.DB.prepare(
      "INSERT INTO page (source, project, serial, changed_at) SELECT 'a', value, 5, 1 FROM json_each(?1)",
    )
      .bind(JSON.stringify(names))
      .run();
    const serials = Object.fromEntries(Array.from({ length: 12_000 }, (_, at) => [`p-${at}`, 11 + at]));
    expect(await log.advance(10, changes(serials), NOW)).toBe(true);
    expect(await behind.count()).toBe(1_500);
    expect((await behind.among(names)).get(parseProjectName("p-11992"))).toBe(11 + 11_992);
    await behind.queued(names, NOW);
    expect(await behind.due(NOW - 1, 2_000)).toEqual([]);
    // The newest of them are remembered for pages that are stored next.
    const row = await env.DB.prepare("SELECT recent FROM feed").first<{ recent: string }>();
    const recent = Object.keys(JSON.parse(row?.recent ?? "") as object);
    expect([recent.length, recent.includes("p-11999"), recent.includes("p-0")]).toEqual([5_000, true, false]);
  });

  test("no longer counts once the log begins again, and earlier serials keep no page out", async () => {
    await log.begin(1_000, NOW);
    await keep(DEMO, 900);
    await keep(OTHER, 1_001, NOW + 1);
    await log.advance(1_000, changes({ demo: 1_002 }), NOW + 1);
    await log.begin(3, NOW + 2);
    expect([await behind.count(), (await log.state())?.since]).toEqual([0, NOW + 2]);
    // A page that was fetched before is written late.
    await keep(OTHER, 1_001, NOW + 1);
    await log.advance(3, changes({ demo: 4, other: 5 }), NOW + 3);
    expect(await wanted(DEMO, OTHER)).toEqual({ demo: 4, other: 5 });
    await keep(DEMO, 4, NOW + 4);
    expect(await wanted(DEMO, OTHER)).toEqual({ other: 5 });
  });
});

describe("the pages that are behind", () => {
  test("are due where they were not queued recently, the longest waiting first", async () => {
    await log.begin(10, NOW);
    const third = parseProjectName("third");
    for (const name of [DEMO, OTHER, third]) await keep(name, 5);
    await log.advance(10, changes({ demo: 13, other: 12, third: 11 }), NOW);
    expect(await behind.due(NOW, 10)).toEqual(["third", "other", "demo"]);
    expect(await behind.due(NOW, 2)).toEqual(["third", "other"]);
    await behind.queued([OTHER], NOW + 2);
    await behind.queued([third], NOW + 1);
    expect(await behind.due(NOW, 10)).toEqual(["demo"]);
    expect(await behind.due(NOW + 1, 10)).toEqual(["demo", "third"]);
    expect(await behind.due(NOW + 2, 10)).toEqual(["demo", "third", "other"]);
  });

  test("are settled by a check as new as the announced serial, not by an older one", async () => {
    await log.begin(10, NOW);
    await keep(DEMO, 5);
    await log.advance(10, changes({ demo: 12 }), NOW);
    await behind.settle(DEMO, 11);
    expect(await wanted(DEMO)).toEqual({ demo: 12 });
    await behind.settle(DEMO, 12);
    expect([await wanted(DEMO), await behind.count(), await behind.due(NOW, 10)]).toEqual([{}, 0, []]);
  });

  test("that were queued and are settled are not due again with the next change's age", async () => {
    await log.begin(10, NOW);
    await keep(DEMO, 5);
    await log.advance(10, changes({ demo: 12 }), NOW);
    await behind.queued([DEMO], NOW + 50);
    await keep(DEMO, 12, NOW + 1);
    await log.advance(12, changes({ demo: 13 }), NOW + 2);
    expect(await behind.due(NOW, 10)).toEqual(["demo"]);
  });
});
