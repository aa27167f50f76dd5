import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { cloudflare } from "../../worker/cloudflare/platform.ts";
import { TEAM, READER } from "../support/hosted.ts";
import { BYTES, drain, MESSAGE, SIZE, transfers, URL_OF_WHEEL, WHEEL, WHEEL_PATH } from "../support/large.ts";
import { onCloudflare, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";
import { throughZoneCache } from "../support/zone-cache.ts";

const RUNNERS = 30;
const MORE = { ...WHEEL, filename: "demo-2.0-py3-none-any.whl" };

/** A worker that asks its upstream through a zone's cache, which stores up to `limit` bytes, and that has a large file. */
async function rigBehind(limit: number, entry: Record<string, unknown> = {}, vars: Record<string, unknown> = {}) {
  const rig: Rig = new Rig(
    { ...TEAM, ...vars },
    { ...onCloudflare(), fetch: (...args) => fetch(...args) },
    { finishAlone: 500_000, maxPut: 100_000_000 },
  );
  const fetch = throughZoneCache(rig.upstream.fetch, limit, () => rig.now);
  await rig.upstream.publish("demo", [{ ...WHEEL, entry }, MORE]);
  return rig;
}

/** Runners that ask at once, and then the queue's consumer. */
async function ask(rig: Rig, path: string, headers: Record<string, string> = {}) {
  const answers = await Promise.all(Array.from({ length: RUNNERS }, () => rig.open(path, { headers })));
  const bodies = await Promise.all(answers.map(({ response }) => drain(response)));
  await Promise.all(answers.map(({ settled }) => settled()));
  expect(bodies).toEqual(Array.from({ length: RUNNERS }, () => ({ received: SIZE, broken: false })));
  expect(rig.queue.messages).toEqual([MESSAGE]);
  await rig.deliver();
}

describe("thirty runners that ask at once for one large file, and the queue that stores it", () => {
  test.each([
    ["of an index for anyone", WHEEL_PATH, {}],
    ["of a private one", `/team${WHEEL_PATH}`, READER],
  ])("%s read the upstream once", async (_what, path, headers) => {
    const rig = await rigBehind(SIZE);
    await ask(rig, path, headers);
    expect(transfers(rig)).toBe(1);
  });

  test("read it each for itself where it is too large for the zone's cache", async () => {
    const rig = await rigBehind(SIZE - 1);
    await ask(rig, WHEEL_PATH);
    // The simulated cache has read it once more, to find out.
    expect(transfers(rig)).toBe(RUNNERS + 2);
  });
});

test("bytes that a digest has refused are asked for anew after half a minute", async () => {
  const rig = await rigBehind(SIZE);
  const right = await rig.upstream.get(URL_OF_WHEEL);
  rig.upstream.on(URL_OF_WHEEL, () => new Response(BYTES.map((byte) => byte ^ 1)));
  expect((await drain((await rig.open(WHEEL_PATH)).response)).broken).toBe(true);
  rig.upstream.on(URL_OF_WHEEL, () => right.clone());
  expect((await drain((await rig.open(WHEEL_PATH)).response)).broken).toBe(true);
  rig.wait(31_000);
  expect((await drain((await rig.open(WHEEL_PATH)).response)).broken).toBe(false);
});

describe("is asked of the upstream itself each time:", () => {
  test("a part of a file", async () => {
    const rig = await rigBehind(SIZE);
    for (const range of ["bytes=0-9", "bytes=0-9"]) await rig.get(WHEEL_PATH, { Range: range });
    expect(transfers(rig)).toBe(2);
  });

  test("a file that no digest verifies", async () => {
    const rig = await rigBehind(SIZE, { hashes: {} });
    rig.upstream.on(URL_OF_WHEEL, () => new Response(new Uint8Array([0x50, 0x4b, 3, 4, ...BYTES.slice(4)])));
    for (let tries = 0; tries < 2; tries++) await rig.get(WHEEL_PATH);
    expect(transfers(rig)).toBe(2);
  });

  test("a file that the upstream gives for its credentials", async () => {
    const upstream = { url: FakeUpstream.INDEX, files: "https://upstream.test/files/", credentials: "PASSWORD" };
    const rig = await rigBehind(SIZE, {}, { UPSTREAMS: { pypi: upstream }, PASSWORD: "user:secret" });
    const url = `https://upstream.test/files/${WHEEL.filename}`;
    await rig.upstream.publish("demo", [{ ...WHEEL, entry: { url } }]);
    rig.upstream.on(url, () => new Response(BYTES));
    for (let tries = 0; tries < 2; tries++) await rig.get(`/files/upstream.test/files/${WHEEL.filename}`);
    expect(rig.upstream.requests.filter((line) => line.endsWith(url))).toHaveLength(2);
  });
});

describe("on Cloudflare", () => {
  const INIT = { method: "GET", headers: {}, redirect: "manual" } as const;
  afterEach(() => void vi.restoreAllMocks());

  test.each([
    [true, { ...INIT, cf: { cacheEverything: true, cacheTtlByStatus: { "200": 30, "201-599": -1 } } }],
    [false, INIT],
  ])("a request goes through the zone's cache where its answer may be reused (%s)", async (reuse, init) => {
    const fetched = vi.spyOn(globalThis, "fetch").mockResolvedValue(new Response("x"));
    await cloudflare(env).fetch(new URL("https://upstream.test/"), { ...INIT, reuse });
    expect(fetched.mock.calls.map(([, given]) => given)).toEqual([init]);
  });
});
