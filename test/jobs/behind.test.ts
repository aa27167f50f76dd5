import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Platform } from "../../worker/platform/platform.ts";
import { Dying } from "../support/dying.ts";
import { deliver } from "../support/queue.ts";
import { behind, FollowedRig, keeping, pageUrl, SOURCE, state } from "../support/followed.ts";

const message = (...projects: string[]) => ({ source: SOURCE, projects, cause: "feed" });

/** Projects, and the state that a store which keeps them comes to when all have changed and nothing goes wrong. */
const PROJECTS = Array.from({ length: 12 }, (_, at) => `p-${String(at).padStart(2, "0")}`);

/** A worker whose pages are all behind, and planned to be fetched. */
async function outdated(
  projects: readonly string[] = PROJECTS,
  platform: Partial<Platform> = {},
): Promise<FollowedRig> {
  const rig = await keeping(projects, platform);
  await rig.change(...projects);
  await rig.minute();
  return rig;
}

/** The state that it comes to where nothing goes wrong. */
const expected = (rig: FollowedRig, projects: readonly string[] = PROJECTS) => {
  const serialOf = (at: number) => rig.feed.serial - projects.length + at + 1;
  return {
    kv: projects.map((project, at) => [project, serialOf(at)]),
    d1: projects.map((project, at) => ({ project, serial: serialOf(at), announced_serial: null })),
  };
};

describe("pages that are behind", () => {
  test("are fetched once and written once", async () => {
    const rig = await outdated();
    expect(await rig.deliverRefreshes()).toEqual({ done: 1, delays: [] });
    expect([rig.fetched().length, rig.counts["kv.put"]]).toEqual([12, 12]);
    expect(await state()).toEqual(expected(rig));
  });

  test.each([
    ["a message that comes twice", (messages: unknown[]) => [...messages, ...messages]],
    [
      "messages in any order",
      () => [message(...PROJECTS.slice(6)), message("p-00"), message(...PROJECTS.toReversed())],
    ],
    ["one about pages that are not kept", (messages: unknown[]) => [message("unknown", "another"), ...messages]],
  ])("cost no more for %s", async (_what, deliveries) => {
    const rig = await outdated();
    for (const each of deliveries(rig.refreshes.messages.splice(0))) {
      expect(await rig.deliverRefreshes([each])).toEqual({ done: 1, delays: [] });
    }
    expect([rig.fetched().toSorted(), rig.counts["kv.put"]]).toEqual([PROJECTS, 12]);
    expect(await state()).toEqual(expected(rig));
  });

  test("end the same where two consumers have the same message at once", async () => {
    const rig = await outdated();
    const messages = rig.refreshes.messages.splice(0);
    const other = new FollowedRig({ fetch: rig.upstream.fetch });
    other.now = rig.now;
    await Promise.all([rig.deliverRefreshes(messages), other.deliverRefreshes(messages)]);
    expect(await state()).toEqual(expected(rig));
  });

  test("are not changed by a message that is late: a newer one was handled", async () => {
    const rig = await outdated(["demo"]);
    const late = rig.refreshes.messages.splice(0);
    await rig.change("demo");
    await rig.minute();
    await rig.deliverRefreshes();
    rig.forget();
    expect(await rig.deliverRefreshes(late)).toEqual({ done: 1, delays: [] });
    expect([rig.fetched(), rig.counts]).toEqual([[], { "d1.prepare": 1 }]);
  });

  test("of which many fail do not have the others fetched again", async () => {
    const rig = await outdated();
    const [planned] = rig.refreshes.messages.splice(0);
    rig.upstream.on(pageUrl("p-03"), () => new Response("<html>poison"));
    for (const [attempts, delay] of [
      [1, 30],
      [2, 60],
      [3, 120],
    ] as const) {
      expect(await rig.deliverRefreshes([planned], attempts)).toEqual({ done: 0, delays: [delay] });
      rig.wait(delay * 1_000);
    }
    expect(
      rig
        .fetched()
        .filter((project) => project !== "p-03")
        .toSorted(),
    ).toEqual(PROJECTS.filter((project) => project !== "p-03"));
    expect(Object.keys(await behind())).toEqual(["p-03"]);
  });

  test("that the upstream's network does not have yet come again, and an older page replaces nothing", async () => {
    const rig = await outdated(["demo"]);
    const { serial } = rig.feed;
    const [planned] = rig.refreshes.messages.splice(0);
    rig.offer("demo", serial - 1);
    expect(await rig.deliverRefreshes([planned])).toEqual({ done: 0, delays: [30] });
    rig.offer("demo", serial - 2);
    rig.wait(30_000);
    expect(await rig.deliverRefreshes([planned], 2)).toEqual({ done: 0, delays: [60] });
    expect((await state()).kv).toEqual([["demo", serial - 1]]);
    rig.offer("demo", serial);
    rig.wait(60_000);
    expect(await rig.deliverRefreshes([planned], 3)).toEqual({ done: 1, delays: [] });
    expect((await state()).kv).toEqual([["demo", serial]]);
  });

  test("and have no serial are settled once they were fetched", async () => {
    const rig = await outdated(["demo"]);
    rig.offer("demo", undefined, rig.feed.serial);
    expect(await rig.deliverRefreshes()).toEqual({ done: 1, delays: [] });
    expect(await behind()).toEqual({});
    rig.restart();
    expect((await rig.page("demo")).json).toMatchObject({ versions: [`${rig.feed.serial}`] });
  });

  test("are settled, and not written, where they are unchanged", async () => {
    const rig = await keeping(["demo"]);
    // As where the last step of storing it was lost.
    await env.DB.exec("UPDATE page SET announced_serial = serial");
    await rig.minute();
    expect(await rig.deliverRefreshes()).toEqual({ done: 1, delays: [] });
    expect([rig.fetched(), rig.counts["kv.put"], await behind()]).toEqual([["demo"], undefined, {}]);
  });

  test("are not settled where this isolate's page may not be stored yet", async () => {
    const rig = await outdated(["demo"]);
    const [planned] = rig.refreshes.messages.splice(0);
    rig.wait(601_000);
    rig.breakOnce("kv.put");
    await rig.page("demo");
    expect(await rig.deliverRefreshes([planned])).toEqual({ done: 0, delays: [30] });
    rig.wait(30_000);
    expect(await rig.deliverRefreshes([planned], 2)).toEqual({ done: 1, delays: [] });
    expect(await state()).toEqual(expected(rig, ["demo"]));
  });

  test("are deleted where their project is gone upstream, and are no longer behind", async () => {
    const rig = await outdated(["demo"]);
    rig.upstream.on(pageUrl("demo"), () => new Response(null, { status: 404 }));
    expect(await rig.deliverRefreshes()).toEqual({ done: 1, delays: [] });
    expect(await state()).toEqual({ kv: [], d1: [] });
  });
});

describe("an upstream that fails", () => {
  test("has the pages come again, later each time, and they end the same", async () => {
    const rig = await outdated();
    const [planned] = rig.refreshes.messages.splice(0);
    rig.upstream.down = true;
    expect(await rig.deliverRefreshes([planned])).toEqual({ done: 0, delays: [30] });
    rig.wait(30_000);
    expect(await rig.deliverRefreshes([planned], 2)).toEqual({ done: 0, delays: [60] });
    rig.upstream.down = false;
    rig.wait(60_000);
    expect(await rig.deliverRefreshes([planned], 3)).toEqual({ done: 1, delays: [] });
    expect(await state()).toEqual(expected(rig));
  });

  test("with Retry-After is not asked for the rest of the message, nor again before that time", async () => {
    const rig = await outdated();
    const [planned] = rig.refreshes.messages.splice(0);
    for (const project of PROJECTS.slice(4)) {
      rig.upstream.on(pageUrl(project), () => new Response(null, { status: 429, headers: { "Retry-After": "300" } }));
    }
    expect(await rig.deliverRefreshes([planned])).toEqual({ done: 0, delays: [300] });
    expect(rig.fetched().length).toBeLessThanOrEqual(8);
    rig.wait(300_000);
    const { serial } = rig.feed;
    for (const [at, project] of PROJECTS.entries()) rig.offer(project, serial - PROJECTS.length + at + 1);
    rig.forget();
    expect(await rig.deliverRefreshes([planned], 2)).toEqual({ done: 1, delays: [] });
    expect(await state()).toEqual(expected(rig));
    expect(rig.fetched().length).toBeLessThanOrEqual(12);
  });

  test("with Retry-After is not asked further for what is popular, and that does not come again", async () => {
    const rig = await keeping(PROJECTS);
    for (const project of PROJECTS) {
      rig.upstream.on(pageUrl(project), () => new Response(null, { status: 429, headers: { "Retry-After": "300" } }));
    }
    const popular = { source: SOURCE, projects: PROJECTS, cause: "popular" };
    expect(await rig.deliverRefreshes([popular])).toEqual({ done: 1, delays: [] });
    expect(rig.fetched().length).toBeLessThanOrEqual(4);
  });
});

describe("a store that fails", () => {
  test.each([
    ["kv.put", 1],
    ["kv.put", 7],
    ["kv.getWithMetadata", 5],
    ["d1.prepare", 1],
    ["d1.prepare", 2],
    ["d1.prepare", 3],
    ["d1.prepare", 4],
    ["d1.prepare", 9],
  ])(
    "at %s, call %i, has what it concerned come again, and all pages are right in the end",
    async (operation, call) => {
      const rig = await outdated();
      const [planned] = rig.refreshes.messages.splice(0);
      rig.breakOnce(operation, call);
      let delivery = await rig.deliverRefreshes([planned]);
      rig.wait(30_000);
      if (delivery.done === 0) delivery = await rig.deliverRefreshes([planned], 2);
      expect(delivery).toEqual({ done: 1, delays: [] });
      expect([(await state()).kv, await behind()]).toEqual([expected(rig).kv, {}]);
    },
  );
});

describe("a consumer that is killed", () => {
  test.each([1, 5, 6, 12])("when it has written %i pages leaves what its redelivery makes good", async (writes) => {
    const isolate = new Dying((binding, operation) => binding === env.PAGES && operation === "put");
    const rig = await outdated(PROJECTS, isolate.platform);
    const [planned] = rig.refreshes.messages.splice(0);
    isolate.left = writes;
    await rig.deliverRefreshes([planned]);
    const other = new FollowedRig({ fetch: rig.upstream.fetch });
    other.now = rig.now + 30_000;
    other.forget();
    expect(await other.deliverRefreshes([planned], 2)).toEqual({ done: 1, delays: [] });
    expect(await state()).toEqual(expected(rig));
    expect(other.counts["kv.put"] ?? 0).toBeLessThanOrEqual(12 - writes + 4);
  });
});

describe("pages whose refresh is a dead letter", () => {
  const die = (rig: FollowedRig, messages: readonly unknown[]) =>
    deliver("pypi-edge-refreshes-dead", messages, rig.services, rig.now);

  test("stay behind, so that age has them checked, and are not queued for a day", async () => {
    const rig = await outdated(["demo"]);
    await die(rig, rig.refreshes.messages.splice(0));
    expect(Object.keys(await behind())).toEqual(["demo"]);
    for (let hours = 0; hours < 23; hours++) {
      rig.wait(3_540_000);
      await rig.minute();
    }
    expect(rig.refreshes.messages).toEqual([]);
    rig.wait(2 * 3_600_000);
    await rig.minute();
    expect(rig.refreshes.messages).toEqual([message("demo")]);
  });

  test("are refreshed by the next request after PAGE_TTL", async () => {
    const rig = await outdated(["demo"]);
    await die(rig, rig.refreshes.messages.splice(0));
    rig.wait(601_000);
    expect((await rig.page("demo")).json).toMatchObject({ versions: [`${rig.feed.serial}`] });
    expect(await behind()).toEqual({});
  });

  test("are queued at once where they change again", async () => {
    const rig = await outdated(["demo"]);
    await die(rig, rig.refreshes.messages.splice(0));
    await rig.change("demo");
    await rig.minute();
    expect(rig.refreshes.messages).toEqual([message("demo")]);
  });

  test("are refreshed by the job replay", async () => {
    const rig = await outdated();
    await die(rig, rig.refreshes.messages.splice(0));
    await rig.post("jobs/replay");
    await rig.deliverRefreshes();
    expect(await state()).toEqual(expected(rig));
  });
});
