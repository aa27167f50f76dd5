import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { Page } from "../../worker/repository/page.ts";
import { pagesBehindIn } from "../../worker/storage/d1/pages-behind.ts";
import { catalogOf, type Catalog } from "../../worker/storage/d1/catalog.ts";
import { changeLogPositionIn } from "../../worker/storage/d1/change-log-position.ts";
import { keysOf } from "../../worker/storage/keys.ts";
import { Memory } from "../../worker/storage/memory.ts";
import { pageStore } from "../../worker/storage/kv/pages.ts";
import { counting, type Counts } from "../support/counting.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const HOUR = 3_600_000;
const DEMO = parseProjectName("demo");
const behind = pagesBehindIn(env.DB, "test");
const real = catalogOf(env.DB, "test");

/** A page as it was made at that time; its version says which one it is. */
const made = (at: number, lastSerial: number | undefined, version = `at ${at - NOW}`) =>
  Page.from({ name: DEMO, files: [], versions: [version], lastSerial }, {}, at);

/** The page store of an isolate of its own. */
function isolate({ kv = env.PAGES, db = env.DB, catalog = catalogOf(db, "test") } = {}) {
  const memory = { memory: new Memory<Page>(100_000), written: new Memory<string>(10_000) };
  return pageStore({ kv, r2: env.FILES, catalog, keys: keysOf("test"), ...memory });
}

/** What a new isolate finds, and what is wanted. */
async function outcome() {
  const page = await isolate().get(DEMO, NOW);
  return [page && (await page.model()).versions?.[0], (await behind.among([DEMO])).get(DEMO)];
}

const follow = () => changeLogPositionIn(env.DB, "test", "page/test").begin(1, NOW - 1);

/** Something that waits until it is let go. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

describe("of two writers of a page", () => {
  test("the late one with a lower serial loses, and writes nothing to KV", async () => {
    await isolate().put(DEMO, await made(NOW, 12, "new"), NOW);
    const counts: Counts = {};
    const late = isolate({ kv: counting(env.PAGES, "kv", counts) });
    await late.put(DEMO, await made(NOW + 1, 11, "old"), NOW + 1);
    expect([await outcome(), counts["kv.put"]]).toEqual([["new", undefined], undefined]);
    // Nor does its isolate go on with it.
    expect((await late.get(DEMO, NOW + 2))?.head.serial).toBe(12);
  });

  test("the one with a lower serial wins after an hour: the upstream has begun to count anew", async () => {
    await isolate().put(DEMO, await made(NOW, 12, "before"), NOW);
    await isolate().put(DEMO, await made(NOW + HOUR, 1, "after"), NOW + HOUR);
    expect(await outcome()).toEqual(["after", undefined]);
  });

  test.each([
    ["equal serials", 12, 12],
    ["no serials", undefined, undefined],
    ["a serial on one alone", 12, undefined],
  ])("the one that was made later wins where there are %s", async (_what, one, other) => {
    const [later, earlier] = [await made(NOW + 5, one, "later"), await made(NOW, other, "earlier")];
    await isolate().put(DEMO, earlier, NOW + 6);
    await isolate().put(DEMO, later, NOW + 6);
    await isolate().put(DEMO, earlier, NOW + 7);
    expect((await outcome())[0]).toBe("later");
  });

  test("the one that is overtaken before it writes to KV has the page fetched again", async () => {
    await follow();
    const hold = gate();
    const reached = gate();
    const slow: Catalog = {
      ...real,
      async claim(...args) {
        const claim = await real.claim(...args);
        reached.open();
        await hold.opened;
        return claim;
      },
    };
    const late = isolate({ catalog: slow }).put(DEMO, await made(NOW, 11, "old"), NOW);
    await reached.opened;
    await isolate().put(DEMO, await made(NOW + 1, 12, "new"), NOW + 1);
    expect(await outcome()).toEqual(["new", undefined]);
    hold.open();
    await late;
    expect(await outcome()).toEqual(["old", 12]);
    await isolate().put(DEMO, await made(NOW + 2, 12, "again"), NOW + 2);
    expect(await outcome()).toEqual(["again", undefined]);
  });

  test("the one that is overtaken after it wrote to KV changes nothing of what the other has", async () => {
    await follow();
    const hold = gate();
    const reached = gate();
    const slow: Catalog = {
      ...real,
      async settle(...args) {
        reached.open();
        await hold.opened;
        await real.settle(...args);
      },
    };
    const late = isolate({ catalog: slow }).put(DEMO, await made(NOW, 11, "old"), NOW);
    await reached.opened;
    await isolate().put(DEMO, await made(NOW + 1, 12, "new"), NOW + 1);
    hold.open();
    await late;
    // Which of them was in KV first it cannot know: one fetch too many, never one too few.
    expect(await outcome()).toEqual(["new", 12]);
    await behind.settle(DEMO, 12);
    expect(await outcome()).toEqual(["new", undefined]);
  });

  test("two of the same change do not have it fetched again", async () => {
    await follow();
    const claims = [isolate(), isolate(), isolate()].map(async (one, at) =>
      one.put(DEMO, await made(NOW + at, 12), NOW),
    );
    await Promise.all(claims);
    expect((await outcome())[1]).toBeUndefined();
  });
});

describe("a page whose writing does not end", () => {
  test("between D1 and KV leaves its row behind", async () => {
    await follow();
    await real.claim(DEMO, (await made(NOW, 12)).head, NOW);
    expect(await outcome()).toEqual([null, 12]);
    await isolate().put(DEMO, await made(NOW + 1, 12, "again"), NOW + 1);
    expect(await outcome()).toEqual(["again", undefined]);
  });

  test("since KV refuses it leaves its row behind", async () => {
    await follow();
    await isolate().put(DEMO, await made(NOW, 11, "old"), NOW);
    const kv = counting(env.PAGES, "kv", {}, new Map([["kv.put", 1]]));
    await expect(isolate({ kv }).put(DEMO, await made(NOW + 1, 12, "new"), NOW + 1)).rejects.toThrow("kv.put failed");
    expect(await outcome()).toEqual(["old", 12]);
  });

  test("after KV, before it is settled, is behind once more, and is settled by the next revalidation", async () => {
    await follow();
    const db = counting(env.DB, "d1", {});
    const killed: Catalog = { ...real, settle: () => new Promise(() => undefined) };
    void isolate({ db, catalog: killed }).put(DEMO, await made(NOW, 12, "new"), NOW);
    await expect.poll(outcome).toEqual(["new", 12]);
    await behind.settle(DEMO, 12);
    expect(await outcome()).toEqual(["new", undefined]);
  });

  test("since D1 fails once it is in KV is deleted: it may have overwritten a newer one", async () => {
    await follow();
    const failing: Catalog = { ...real, settle: () => Promise.reject(new Error("D1 is away")) };
    const put = isolate({ catalog: failing }).put(DEMO, await made(NOW, 12, "new"), NOW);
    await expect(put).rejects.toThrow("D1 is away");
    expect(await outcome()).toEqual([null, 12]);
  });

  test("since D1 fails is in KV all the same, and marked: no log knows of it", async () => {
    const db = counting(env.DB, "d1", {}, new Map([["d1.prepare", 1]]));
    await expect(isolate({ db }).put(DEMO, await made(NOW, 12, "new"), NOW)).rejects.toThrow("d1.prepare failed");
    expect(await outcome()).toEqual(["new", undefined]);
    expect([(await isolate().get(DEMO, NOW))?.head.unlisted, await real.has(DEMO)]).toEqual([true, false]);
    await isolate().put(DEMO, await made(NOW + 1, 13, "newer"), NOW + 1);
    expect([(await isolate().get(DEMO, NOW))?.head.unlisted, await real.has(DEMO)]).toEqual([undefined, true]);
  });
});

describe("a page that is written", () => {
  test("costs one D1 statement, and a second one where a log is followed", async () => {
    const counts: Counts = {};
    const db = counting(env.DB, "d1", counts);
    await isolate({ db }).put(DEMO, await made(NOW, 11), NOW);
    expect(counts).toEqual({ "d1.prepare": 1 });
    await follow();
    await isolate({ db }).put(DEMO, await made(NOW + 1, 12), NOW + 1);
    expect(counts).toEqual({ "d1.prepare": 3 });
  });

  test("without a serial is not behind where nothing was announced", async () => {
    await follow();
    await isolate().put(DEMO, await made(NOW, undefined), NOW);
    expect((await outcome())[1]).toBeUndefined();
  });

  test("stays behind where the log has announced a newer one, whether or not it was stored then", async () => {
    await follow();
    const changes = { projects: new Map([[DEMO, 12]]), last: 12 };
    await changeLogPositionIn(env.DB, "test", "page/test").advance(1, changes, NOW);
    await isolate().put(DEMO, await made(NOW, 11, "from a slow node"), NOW);
    expect(await outcome()).toEqual(["from a slow node", 12]);
    await isolate().put(DEMO, await made(NOW + 1, 12, "new"), NOW + 1);
    expect(await outcome()).toEqual(["new", undefined]);
  });
});
