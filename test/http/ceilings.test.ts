import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { allowances, type AllowanceParts } from "../../worker/auth/allowance.ts";
import { cloudflare } from "../../worker/cloudflare/platform.ts";
import { contextOf } from "../../worker/log/context.ts";
import { logAs } from "../../worker/log/log.ts";
import { newBytesIn } from "../../worker/storage/d1/new-bytes.ts";
import { DATABASE_AWAY } from "../support/away.ts";
import { READER, TEAM } from "../support/hosted.ts";
import { filePath, JSON_TYPE, Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";
import { FakeUpstream } from "../support/upstream.ts";

const WHEEL = {
  filename: "demo-1.0-py3-none-any.whl",
  bytes: new Uint8Array(300_000).fill(7),
  metadata: "Name: demo\n",
};
const STRANGER = { "CF-Connecting-IP": "8.8.8.8", Accept: JSON_TYPE };
const OTHER = { ...STRANGER, "CF-Connecting-IP": "8.8.4.4" };
const DAY = 86_400_000;

/** A limiter that allows so many calls by key, and the keys that it was asked for. */
function limiter(limit: number) {
  const keys: string[] = [];
  return {
    keys,
    limit({ key }: { key: string }) {
      keys.push(key);
      return Promise.resolve({ success: keys.filter((each) => each === key).length <= limit });
    },
  };
}

async function rigWith(limit: number, vars: Record<string, unknown> = {}) {
  const newFromNetwork = limiter(limit);
  const rig = new Rig({ ...TEAM, ...vars }, { newFromNetwork });
  for (const name of ["demo", "one", "two"]) await rig.upstream.publish(name, name === "demo" ? [WHEEL] : []);
  return { rig, keys: newFromNetwork.keys };
}

const page = (rig: Rig, name: string, headers: Record<string, string> = STRANGER) =>
  rig.get(`/simple/${name}/`, headers);

describe("a network's ceiling", () => {
  test("refuses what is not stored with 429, says why and for how long, and asks no upstream", async () => {
    const { rig } = await rigWith(1);
    expect((await page(rig, "one")).status).toBe(200);
    rig.forget();
    const answer = await page(rig, "two");
    expect([answer.status, answer.headers.get("Retry-After"), answer.headers.get("Content-Type")]).toEqual([
      429,
      "60",
      "application/problem+json",
    ]);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(JSON.parse(answer.text())).toMatchObject({
      title: "Too many requests",
      detail: expect.stringContaining("use a token"),
    });
    expect(rig.upstream.requests).toEqual([]);
  });

  test("serves what is stored, to the same network, and what is not, to another", async () => {
    const { rig } = await rigWith(2);
    await page(rig, "demo");
    await rig.get(filePath(WHEEL.filename), STRANGER);
    rig.restart();
    expect((await page(rig, "two")).status).toBe(429);
    expect((await page(rig, "demo")).status).toBe(200);
    expect((await rig.get(filePath(WHEEL.filename), STRANGER)).status).toBe(200);
    expect((await page(rig, "two", OTHER)).status).toBe(200);
  });

  test("holds for the first file of a page that was just made, which is not looked for in the store first", async () => {
    const { rig } = await rigWith(1);
    expect((await page(rig, "demo")).status).toBe(200);
    rig.forget();
    expect((await rig.get(filePath(WHEEL.filename), STRANGER)).status).toBe(429);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("holds for names that do not exist, which leave nothing behind", async () => {
    const { rig } = await rigWith(3);
    const statuses: number[] = [];
    for (let at = 0; at < 5; at++) statuses.push((await page(rig, `unknown-${at}`)).status);
    expect(statuses).toEqual([404, 404, 404, 429, 429]);
    const { n } = (await env.DB.prepare("SELECT count(*) AS n FROM page").first<{ n: number }>()) ?? { n: -1 };
    expect([n, (await env.PAGES.list()).keys, (await env.FILES.list()).objects]).toEqual([0, [], []]);
  });

  test("holds for the root listing, as long as none is stored", async () => {
    const { rig } = await rigWith(0);
    expect((await rig.get("/simple/", STRANGER)).status).toBe(429);
    expect(rig.upstream.requests).toEqual([]);
    const listing = { meta: { "api-version": "1.1" }, projects: [{ name: "demo" }] };
    rig.upstream.on(FakeUpstream.INDEX, () => Response.json(listing, { headers: { "Content-Type": JSON_TYPE } }));
    expect((await rig.get("/simple/", { ...STRANGER, ...READER })).status).toBe(200);
    expect((await rig.get("/simple/", STRANGER)).status).toBe(200);
  });

  test("counts a request once, though its page and its file are not stored", async () => {
    const { rig, keys } = await rigWith(10);
    expect((await rig.get(filePath(WHEEL.filename), STRANGER)).status).toBe(200);
    expect(keys).toEqual(["8.8.8.8"]);
  });

  test("is one for 64 bits of an IPv6 address", async () => {
    const { rig, keys } = await rigWith(10);
    await page(rig, "one", { ...STRANGER, "CF-Connecting-IP": "2001:4860:4860::8888" });
    await page(rig, "two", { ...STRANGER, "CF-Connecting-IP": "2001:4860:4860:0:1::1" });
    expect(new Set(keys).size).toBe(1);
  });

  test("is not for the holder of a token, whatever the token is for, nor for a private network", async () => {
    const { rig, keys } = await rigWith(0);
    const uploader = bearer((await give(rig, { scopes: ["upload"] })).text);
    expect((await page(rig, "one", { ...STRANGER, ...uploader })).status).toBe(200);
    expect((await page(rig, "two", { ...STRANGER, ...READER })).status).toBe(200);
    expect((await page(rig, "demo", { ...STRANGER, "CF-Connecting-IP": "10.0.0.7" })).status).toBe(200);
    expect(keys).toEqual([]);
    const wrong = { ...STRANGER, ...bearer("pypi-edge-wrong-token") };
    expect((await rig.get(filePath(WHEEL.filename), wrong)).status).toBe(429);
  });

  test("is no absence: an index of two sources does not ask the second", async () => {
    const UPSTREAMS = {
      first: { url: "https://upstream.test/simple/" },
      second: { url: "https://upstream.test/other/" },
    };
    const INDEXES = { default: { sources: ["first", "second"] } };
    const { rig } = await rigWith(0, { UPSTREAMS, INDEXES });
    expect((await page(rig, "one")).status).toBe(429);
    expect((await rig.get("/files/upstream.test/one-1.0.tar.gz", STRANGER)).status).toBe(429);
    expect(rig.upstream.requests).toEqual([]);
  });

  test.each([
    ["fails", { limit: () => Promise.reject(new Error("the limiter is away")) }],
    ["is not in the deployment's configuration", cloudflare({ ...env, NEW_FROM_NETWORK: undefined }).newFromNetwork],
  ])("refuses no request where the limiter %s", async (_, newFromNetwork) => {
    const rig = new Rig({}, { newFromNetwork });
    await rig.upstream.publish("one", []);
    expect((await page(rig, "one")).status).toBe(200);
  });

  test("is counted in the metrics", async () => {
    const { rig } = await rigWith(0);
    await page(rig, "one");
    expect((await rig.get("/-/metrics", READER)).text()).toContain(
      'pypi_edge_refused_fills_total{limit="network"} 1\n',
    );
  });
});

describe("the ceiling of a day", () => {
  const GB = 1_000_000_000;
  /** Has strangers stored so much that day. */
  const stored = (rig: Rig, bytes: number) =>
    env.DB.prepare("INSERT INTO new_bytes (day, bytes) VALUES (?1, ?2)")
      .bind(Math.floor(rig.now / DAY), bytes)
      .run();

  test("refuses what is not stored, serves what is, and begins anew at midnight", async () => {
    const { rig } = await rigWith(100, { NEW_A_DAY: 1 });
    await page(rig, "demo");
    await stored(rig, GB);
    rig.restart();
    const answer = await page(rig, "one");
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([429, "60"]);
    expect(answer.text()).toContain("until midnight (UTC)");
    expect((await page(rig, "demo")).status).toBe(200);
    expect((await page(rig, "one", { ...STRANGER, ...READER })).status).toBe(200);
    rig.wait(DAY);
    expect((await page(rig, "two")).status).toBe(200);
  });

  test("adds up what isolates have stored for strangers, of each thing 64 KiB at least, and nothing for others", async () => {
    const { rig } = await rigWith(100, { NEW_A_DAY: 1 });
    await rig.get(filePath(WHEEL.filename), STRANGER);
    await page(rig, "one", { ...STRANGER, ...READER });
    await page(rig, "unknown");
    rig.wait(300_001);
    await rig.get("/nowhere");
    const { results } = await env.DB.prepare("SELECT * FROM new_bytes").all();
    expect(results).toEqual([{ day: Math.floor(rig.now / DAY), bytes: 300_000 + 64 * 1024 }]);
  });

  test("counts what a request stores after midnight that began before it for the day before, and forgets nothing of the new one", async () => {
    const bytes = newBytesIn(env.DB);
    const midnight = 20_788 * DAY;
    const ofBoth = async () => [await bytes.ofTheDay(midnight - 1), await bytes.ofTheDay(midnight)];
    bytes.add(100, midnight);
    expect(await ofBoth()).toEqual([0, 100]);
    bytes.add(1, midnight - 1);
    bytes.add(10, midnight);
    expect(await ofBoth()).toEqual([1, 110]);
  });

  test("counts what an isolate has added once, before it is written, after it, and when the sum is read anew", async () => {
    const bytes = newBytesIn(env.DB);
    const rig = new Rig();
    const ofTheDay = () => bytes.ofTheDay(rig.now);
    const flush = async () => {
      const context = createExecutionContext();
      bytes.flush(contextOf(rig.now, context, rig.services.counters, logAs("text")));
      await waitOnExecutionContext(context);
    };
    await flush();
    bytes.add(100, rig.now);
    expect(await ofTheDay()).toBe(100);
    rig.wait(300_001);
    expect(await ofTheDay()).toBe(100);
    await flush();
    expect(await ofTheDay()).toBe(100);
    rig.wait(300_001);
    expect(await ofTheDay()).toBe(100);
  });

  test("holds within an isolate at once, before anything is written", async () => {
    const { rig } = await rigWith(100, { NEW_A_DAY: 1 });
    await stored(rig, GB - 100_000);
    expect((await rig.get(filePath(WHEEL.filename), STRANGER)).status).toBe(200);
    expect((await page(rig, "one")).status).toBe(429);
  });

  test("has a file from when it is fetched, and what is not stored of it is given back", async () => {
    const { rig } = await rigWith(100, { NEW_A_DAY: 1 });
    await stored(rig, GB - 250_000);
    await page(rig, "demo");
    const gate = Promise.withResolvers<Uint8Array>();
    const late = (bytes: Promise<Uint8Array>) =>
      new ReadableStream({ pull: async (controller) => (controller.enqueue(await bytes), controller.close()) });
    rig.upstream.on(FakeUpstream.FILES + WHEEL.filename, () => {
      const headers = { "Content-Length": `${WHEEL.bytes.byteLength}` };
      return new Response(late(gate.promise), { headers });
    });
    const { response, settled } = await rig.open(filePath(WHEEL.filename), { headers: STRANGER });
    expect((await page(rig, "one")).status).toBe(429);
    // Other bytes than the page lists.
    gate.resolve(new Uint8Array(WHEEL.bytes.byteLength));
    await response.arrayBuffer().catch(() => undefined);
    await settled();
    expect((await page(rig, "one")).status).toBe(200);
  });

  test("refuses no request while the database is away", async () => {
    const { rig } = await rigWith(100, { NEW_A_DAY: 1 });
    await stored(rig, GB);
    rig.restart();
    const other = new Rig({ NEW_A_DAY: 1 }, { database: DATABASE_AWAY, newFromNetwork: limiter(100) });
    await other.upstream.publish("one", []);
    expect((await page(other, "one")).status).toBe(200);
  });
});

test("what is fetched ahead of a client counts like requests of its own", async () => {
  const { keys, limit } = limiter(2);
  const allowance = allowances({
    authenticate: () => Promise.reject(new Error("there is no token")),
    ofNetwork: { limit },
    newBytes: { add: () => undefined, ofTheDay: () => Promise.resolve(0) },
    bytesADay: 0,
    counters: { add: () => undefined } as unknown as AllowanceParts["counters"],
  })(() => ({ authorization: undefined, origin: "8.8.8.8" }), {
    now: 0,
    defer: () => undefined,
    report: () => undefined,
  });
  await allowance.admit();
  await allowance.admit();
  await allowance.another().admit();
  expect(keys).toHaveLength(2);
  await expect(allowance.another().admit()).rejects.toThrow("Too much that is not stored");
});
