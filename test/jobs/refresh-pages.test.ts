import { describe, expect, test } from "vitest";
import { JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const SOURCE = encodeURIComponent(FakeUpstream.INDEX);
const asked = (...projects: string[]) => ({ source: SOURCE, projects, cause: "popular" });
const pagesAsked = (rig: Rig) =>
  rig.upstream.requests.map((line) => line.slice(`GET ${FakeUpstream.INDEX}`.length, -1)).toSorted();

async function rigWith(...projects: string[]) {
  const rig = new Rig();
  for (const project of projects) await rig.upstream.publish(project, []);
  return rig;
}

describe("a message about pages that are asked for often", () => {
  test("has them fetched and stored", async () => {
    const rig = await rigWith("one", "two");
    expect(await rig.deliverRefreshes([asked("one", "Two")])).toEqual({ done: 1, delays: [] });
    expect(pagesAsked(rig)).toEqual(["one", "two"]);
    rig.restart();
    rig.upstream.down = true;
    expect((await rig.get("/simple/two/", { Accept: JSON_TYPE })).status).toBe(200);
  });

  test("has a page checked that is fresh, and writes nothing where it has not changed", async () => {
    const rig = await rigWith("demo");
    await rig.deliverRefreshes([asked("demo")]);
    rig.wait(1_000);
    rig.forget();
    expect(await rig.deliverRefreshes([asked("demo")])).toEqual({ done: 1, delays: [] });
    expect(pagesAsked(rig)).toEqual(["demo"]);
    expect([rig.counts["kv.put"], rig.counts["d1.prepare"]]).toEqual([undefined, undefined]);
  });

  test("asks for no more than four at a time", async () => {
    const rig = new Rig();
    let open = 0;
    let most = 0;
    const names = Array.from({ length: 30 }, (_, at) => `p-${at}`);
    for (const name of names) {
      rig.upstream.on(`${FakeUpstream.INDEX}${name}/`, async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve));
        open--;
        return new Response(null, { status: 404 });
      });
    }
    expect(await rig.deliverRefreshes([asked(...names)])).toEqual({ done: 1, delays: [] });
    expect([most, rig.upstream.requests.length]).toEqual([4, 30]);
  });

  test("is acknowledged although one page fails, and the others are stored", async () => {
    const rig = await rigWith("one", "two");
    rig.upstream.on(`${FakeUpstream.INDEX}bad/`, () => new Response("<html>", { status: 200 }));
    expect(await rig.deliverRefreshes([asked("one", "bad", "two")])).toEqual({ done: 1, delays: [] });
    rig.upstream.down = true;
    for (const project of ["one", "two"]) expect((await rig.page(project)).status).toBe(200);
  });

  test("deletes a page whose project is gone", async () => {
    const rig = await rigWith("demo");
    await rig.deliverRefreshes([asked("demo")]);
    rig.wait(1_000);
    rig.upstream.on(`${FakeUpstream.INDEX}demo/`, () => new Response(null, { status: 404 }));
    rig.forget();
    expect(await rig.deliverRefreshes([asked("demo")])).toEqual({ done: 1, delays: [] });
    expect(rig.counts["kv.delete"]).toBeGreaterThan(0);
    rig.restart();
    rig.upstream.down = true;
    expect((await rig.page("demo")).status).toBe(503);
  });
});

test.each([
  undefined,
  "pages",
  {},
  { ...asked("demo"), projects: [] },
  { ...asked("demo"), projects: ["../x"] },
  { ...asked("demo"), cause: "whim" },
  { ...asked("demo"), source: "https%3A%2F%2Fother.test%2Fsimple%2F" },
  { ...asked("demo"), cause: "feed" },
])("a message with the body %j is acknowledged, and nothing is fetched or read", async (message) => {
  const rig = await rigWith("demo");
  expect(await rig.deliverRefreshes([message])).toEqual({ done: 1, delays: [] });
  expect([rig.upstream.requests, rig.counts]).toEqual([[], {}]);
});
