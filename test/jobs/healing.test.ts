import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { behind, FollowedRig, keeping, pageUrl, SOURCE } from "../support/followed.ts";
import { JSON_TYPE } from "../support/rig.ts";

const A = { PUBLIC_URL: "http://a.test:8787" };
const B = { PUBLIC_URL: "http://b.test:9000" };

const versions = async (rig: FollowedRig) => (await rig.page("one")).json?.versions;

/** An hour in which the clock and the queue do their work. */
async function hour(rig: FollowedRig): Promise<void> {
  for (let n = 0; n < 60; n++) {
    await rig.minute();
    await rig.deliverRefreshes();
  }
}

/** A worker that keeps `one` under an address, and one under another that goes on from there. */
async function moved(): Promise<FollowedRig> {
  const rig = new FollowedRig({}, A);
  const serial = await rig.change("one");
  await rig.tick("* * * * *");
  rig.wait(1_000);
  await rig.page("one");
  await rig.minute();
  await rig.deliverRefreshes();
  const other = new FollowedRig({}, B);
  other.now = rig.now;
  other.feed.serial = serial;
  return other;
}

/** The same worker back at its first address, where the log stands as it does now. */
function movedBack(other: FollowedRig): FollowedRig {
  const back = new FollowedRig({}, A);
  back.now = other.now;
  back.feed.serial = other.feed.serial;
  return back;
}

/** KV whose next call of `method` for a page waits, before or after it is done, until it is let go. */
function slowKv(method: "put" | "delete", when: "before" | "after") {
  const [reached, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow = { next: false };
  const wait = (now: boolean) => {
    if (!now) return Promise.resolve();
    reached.resolve();
    return held.promise;
  };
  const PAGES = new Proxy(env.PAGES, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        const now = slow.next && property === method && String(args[0]).startsWith("page/");
        if (now) slow.next = false;
        await wait(now && when === "before");
        const result: unknown = await Reflect.apply(value, target, args);
        await wait(now && when === "after");
        return result;
      };
    },
  });
  return { PAGES, slow, reached: reached.promise, letGo: held.resolve };
}

describe("while the change log is followed, no page stays old", () => {
  test("when the public address was another one for a while", async () => {
    const other = await moved();
    const later = await other.change("one");
    await other.minute();
    await other.deliverRefreshes();
    await other.page("one");
    expect(await behind()).toEqual({});
    const back = movedBack(other);
    back.offer("one", later);
    await hour(back);
    expect(await versions(back)).toEqual([`${later}`]);
  });

  test("when its project was deleted while the public address was another one", async () => {
    const other = await moved();
    await other.page("one");
    other.feed.change("one");
    other.upstream.on(pageUrl("one"), () => new Response("gone", { status: 404 }));
    await other.minute();
    await other.deliverRefreshes();
    const back = movedBack(other);
    for (let n = 0; n < 10; n++) await hour(back);
    expect((await back.page("one")).status).toBe(404);
  });

  test("when the isolate that fetches it has just noted the project as absent", async () => {
    const rig = new FollowedRig();
    await rig.change("other");
    await rig.tick("* * * * *");
    rig.wait(58_000);
    expect((await rig.get("/simple/one/")).status).toBe(404);
    const first = rig.services;
    rig.restart();
    await rig.change("one");
    rig.wait(500);
    expect((await rig.get("/simple/one/")).status).toBe(200);
    const second = rig.services;
    const later = await rig.change("one");
    rig.wait(1_500);
    await rig.tick("* * * * *");
    rig.wait(3_000);
    rig.services = first;
    await rig.deliverRefreshes();
    rig.services = second;
    await hour(rig);
    rig.restart();
    expect(await versions(rig)).toEqual([`${later}`]);
  });

  test("when it was stored while it was being deleted", async () => {
    const { PAGES, slow, reached, letGo } = slowKv("delete", "after");
    const rig = await keeping(["one"], { keyValue: PAGES });
    await rig.minute();
    rig.upstream.on(pageUrl("one"), () => new Response("no", { status: 404 }));
    slow.next = true;
    const deleting = rig.deliverRefreshes([{ source: SOURCE, projects: ["one"], cause: "popular" }]);
    await reached;
    rig.restart();
    rig.offer("one", rig.feed.serial);
    expect((await rig.get("/simple/one/")).status).toBe(200);
    letGo();
    await deleting;
    const later = await rig.change("one");
    await hour(rig);
    rig.restart();
    expect(await versions(rig)).toEqual([`${later}`]);
  });

  test("when an older one was written late, and the database could not be written", async () => {
    const { PAGES, slow, reached, letGo } = slowKv("put", "before");
    const rig = new FollowedRig({ keyValue: PAGES });
    await rig.change("one");
    await rig.tick("* * * * *");
    rig.wait(1_000);
    slow.next = true;
    const writing = rig.get("/simple/one/", { Accept: JSON_TYPE });
    await reached;
    rig.restart();
    const later = await rig.change("one");
    expect((await rig.get("/simple/one/")).status).toBe(200);
    await rig.minute();
    await rig.deliverRefreshes();
    expect(await behind()).toEqual({});
    rig.breakOnce("d1.prepare");
    letGo();
    await writing.catch(() => undefined);
    await hour(rig);
    rig.restart();
    expect(await versions(rig)).toEqual([`${later}`]);
  });
});

test("a project that is gone has no row, although its page was not in the store", async () => {
  const rig = await keeping(["one"]);
  for (const { name } of (await env.PAGES.list()).keys) await env.PAGES.delete(name);
  rig.restart();
  rig.feed.change("one");
  rig.upstream.on(pageUrl("one"), () => new Response("gone", { status: 404 }));
  await rig.minute();
  await rig.deliverRefreshes();
  expect((await env.DB.prepare("SELECT project, announced_serial FROM page").run()).results).toEqual([]);
});

test("a log that refuses all requests is soon asked once an hour", async () => {
  const rig = new FollowedRig();
  rig.feed.instead = () => new Response("this method is not allowed here", { status: 403 });
  for (let n = 0; n < 120; n++) await rig.minute();
  expect(rig.feed.calls.length).toBeLessThan(5);
});

test("a log that was lost is asked for every minute for an hour, then once a day, and by hand at once", async () => {
  const rig = await keeping(["one"]);
  rig.feed.instead = () => new Response("no such page", { status: 404 });
  for (let n = 0; n < 180; n++) await rig.minute();
  expect(rig.feed.calls.length).toBeGreaterThan(55);
  expect(rig.feed.calls.length).toBeLessThan(70);
  const before = rig.feed.calls.length;
  expect((await rig.post("jobs/feed")).text()).toContain("it no longer gives its change log");
  expect(rig.feed.calls.length).toBe(before + 1);
});

test("an upstream with a Retry-After of an hour is not asked by any message", async () => {
  const projects = ["one", "two", "three"];
  const rig = await keeping(projects);
  const slowDown = () => new Response("slow down", { status: 429, headers: { "Retry-After": "3600" } });
  for (const project of projects) {
    rig.upstream.on(pageUrl(project), slowDown);
    rig.feed.change(project);
  }
  rig.forget();
  for (let n = 0; n < 50; n++) {
    await rig.minute();
    await rig.deliverRefreshes();
  }
  expect(rig.fetched().length).toBeLessThan(5);
});
