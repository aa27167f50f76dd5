import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { JSON_TYPE, onCloudflare, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];
const PAGE = "/simple/demo/";
const OLD = { filename: "demo-1.0-py3-none-any.whl", bytes: new Uint8Array(9) };
const NEW = { filename: "demo-1.1-py3-none-any.whl", bytes: new Uint8Array(9) };

/** The isolates of one data centre, where nothing makes them ask the upstream again, and those of another with the same stores. */
let near: Rig;
let far: Rig;

beforeEach(async () => {
  near = new Rig({ PAGE_TTL: 86_400 }, onCloudflare());
  far = new Rig({ PAGE_TTL: 60 }, onCloudflare());
  for (const { upstream } of [near, far]) {
    await upstream.publish("demo", [OLD]);
    await upstream.publish("other", [OLD]);
  }
  await near.get("/simple/other/");
  await ask();
});

/** What an isolate that has just begun gives nearby, and what it reads of the stores. */
async function ask() {
  near.restart();
  near.forget();
  const { status, text } = await near.get(PAGE, { Accept: JSON_TYPE });
  const has = [OLD, NEW].filter(({ filename }) => text().includes(filename));
  return { status, has, reads: reads() };
}

const reads = () => Object.keys(near.counts).filter((operation) => !operation.startsWith("cache."));

/** Time passes in both. */
function wait(time: number) {
  near.wait(time);
  far.wait(time);
}

/** The page becomes another one in the other data centre; undefined: the project is no more. */
async function changeFarAway(files: readonly (typeof OLD)[] | undefined) {
  wait(2 * MINUTE);
  if (files) await far.upstream.publish("demo", files);
  else far.upstream.on(`${FakeUpstream.INDEX}demo/`, () => new Response(null, { status: 404 }));
  await far.get(PAGE, { Accept: JSON_TYPE });
}

const FROM_CACHE = { status: 200, has: [OLD], reads: [] };
const FROM_KV = { status: 200, has: [OLD], reads: ["kv.getWithMetadata"] };

/** Another isolate nearby is asked for another project, and reads behind its answer which pages have changed. */
async function learn() {
  wait(6 * SECOND);
  near.restart();
  await near.get("/simple/other/", { Accept: JSON_TYPE });
}

/** Records changes of so many other pages, a second after each other, the last one now. */
const changeOthers = (count: number) =>
  env.DB.prepare(
    `WITH RECURSIVE n (nth) AS (SELECT 0 UNION ALL SELECT nth + 1 FROM n WHERE nth < ?1 - 1)
     INSERT OR REPLACE INTO page (source, project, changed_at) SELECT 'another', 'p' || nth, ?2 - nth * 1000 FROM n`,
  )
    .bind(count, near.now)
    .run();

describe("a copy of a page in the data centre's cache", () => {
  test("is there as soon as the page is stored", async () => {
    expect(await ask()).toEqual(FROM_CACHE);
  });

  test("is used for 5 s without a word of D1's, which is asked behind the answer", async () => {
    wait(4 * SECOND);
    expect(await ask()).toEqual(FROM_CACHE);
    wait(SECOND);
    expect(await ask()).toEqual({ ...FROM_KV, reads: ["d1.prepare", ...FROM_KV.reads] });
    wait(20 * SECOND);
    expect(await ask()).toEqual(FROM_CACHE);
  });

  test("is used for almost six hours, as long as D1 says that the page has not changed", async () => {
    wait(5 * HOUR + 50 * MINUTE);
    await learn();
    expect(await ask()).toEqual(FROM_CACHE);
    wait(10 * MINUTE);
    await learn();
    expect(await ask()).toEqual(FROM_KV);
  });

  test("is not used half a minute after another data centre has stored another page", async () => {
    await learn();
    await changeFarAway([OLD, NEW]);
    await learn();
    expect(await ask()).toEqual({ ...FROM_KV, has: [OLD, NEW] });
    expect(await ask()).toEqual({ ...FROM_CACHE, has: [OLD, NEW] });
  });

  test("is not used once the page was deleted, nor its copy of before once it is there again", async () => {
    near.upstream.on(`${FakeUpstream.INDEX}demo/`, () => new Response(null, { status: 404 }));
    await changeFarAway(undefined);
    await learn();
    expect((await ask()).status).toBe(404);
    await changeFarAway([NEW]);
    await learn();
    expect(await ask()).toEqual({ ...FROM_KV, has: [NEW] });
  });

  test("is not used by a job, which is to see what is stored", async () => {
    await learn();
    const message = { source: "https%3A%2F%2Fupstream.test%2Fsimple%2F", projects: ["demo"], cause: "popular" };
    near.restart();
    near.forget();
    await near.deliverRefreshes([message]);
    expect(reads()).toContain("kv.getWithMetadata");
  });

  test("is not used for long where D1 cannot be asked", async () => {
    wait(6 * SECOND);
    for (let times = 0; times < 3; times++) {
      near.restart();
      near.breakOnce("d1.prepare");
      expect((await ask()).has).toEqual([OLD]);
      wait(6 * SECOND);
    }
    near.breakOnce("d1.prepare");
    expect((await ask()).reads).toContain("kv.getWithMetadata");
  });

  test("is not used where so many pages have changed since that D1 does not name them all", async () => {
    wait(HOUR);
    await changeOthers(900);
    await learn();
    expect(await ask()).toEqual(FROM_CACHE);
    await changeOthers(1_000);
    wait(30 * SECOND);
    await learn();
    expect(await ask()).toEqual(FROM_KV);
  });
});

test("what an upstream no longer has is remembered as deleted for a day", async () => {
  await changeFarAway(undefined);
  const deleted = () => env.DB.prepare("SELECT project FROM deleted_page").run();
  expect((await deleted()).results).toEqual([{ project: "demo" }]);
  wait(25 * HOUR);
  far.upstream.on(`${FakeUpstream.INDEX}other/`, () => new Response(null, { status: 404 }));
  wait(2 * MINUTE);
  await far.get("/simple/other/");
  expect((await deleted()).results).toEqual([{ project: "other" }]);
});
