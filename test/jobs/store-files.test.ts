import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { deliver } from "../support/queue.ts";
import { FakeUpstream, sha256 } from "../support/upstream.ts";
import {
  BYTES,
  largeRig,
  MESSAGE,
  stored,
  stream,
  transfers,
  URL_OF_WHEEL,
  WHEEL,
  WHEEL_PATH,
} from "../support/large.ts";

describe("a message about a large file", () => {
  test("stores it with one fetch, however often it is delivered", async () => {
    const rig = await largeRig();
    expect(await rig.deliver([MESSAGE, MESSAGE])).toEqual({ done: 2, delays: [] });
    rig.restart();
    expect(await rig.deliver([MESSAGE])).toEqual({ done: 1, delays: [] });
    expect([transfers(rig), (await stored()).length]).toEqual([1, 1]);
  });

  test("that is delivered twice at once leaves one intact file", async () => {
    const rig = await largeRig();
    await Promise.all([rig.deliver([MESSAGE]), rig.deliver([MESSAGE])]);
    rig.upstream.down = true;
    expect(await sha256((await rig.get(WHEEL_PATH)).body)).toBe(await sha256(BYTES));
  });

  test("stores the file's metadata where its part is metadata", async () => {
    const rig = await largeRig();
    await rig.upstream.publish("demo", [{ ...WHEEL, metadata: "Name: demo\n" }]);
    expect(await rig.deliver([{ ...MESSAGE, part: "metadata" }])).toEqual({ done: 1, delays: [] });
    expect(await stored()).toEqual([expect.stringMatching(/^metadata\/.*\/demo-1\.0-py3-none-any\.whl$/)]);
  });

  test("for a file that is stored costs one read and no request", async () => {
    const rig = await largeRig();
    await rig.deliver([MESSAGE]);
    rig.forget();
    expect(await rig.deliver([MESSAGE])).toEqual({ done: 1, delays: [] });
    expect([rig.counts, rig.upstream.requests]).toEqual([{ "r2.head": 1 }, []]);
  });

  test("stores nothing and is delivered again where the bytes are wrong, until they are right", async () => {
    const rig = await largeRig();
    const wrong = BYTES.slice();
    wrong[5] = 255;
    stream(rig, wrong);
    expect(await rig.deliver([MESSAGE])).toEqual({ done: 0, delays: [30] });
    expect(await stored()).toEqual([]);
    stream(rig, BYTES);
    expect(await rig.deliver([MESSAGE], 2)).toEqual({ done: 1, delays: [] });
    expect((await rig.get(WHEEL_PATH)).headers.get("Cache-Status")).toContain("detail=r2");
  });

  test.each([
    [
      "cuts the file",
      () => new Response(new Response(BYTES.slice(0, 300_000)).body?.pipeThrough(new IdentityTransformStream())),
    ],
    ["answers 500", () => new Response(null, { status: 500 })],
  ])("is delivered again, later each time, while the upstream %s", async (_what, answer) => {
    const rig = await largeRig();
    rig.upstream.on(URL_OF_WHEEL, answer);
    for (const [attempts, delay] of [
      [1, 30],
      [2, 60],
      [5, 480],
    ] as const) {
      expect(await rig.deliver([MESSAGE], attempts)).toEqual({ done: 0, delays: [delay] });
    }
    expect(await stored()).toEqual([]);
  });

  test("is delivered again while the upstream is away: it is unknown whether the file is listed", async () => {
    const rig = await largeRig();
    rig.upstream.down = true;
    expect(await rig.deliver([MESSAGE])).toEqual({ done: 0, delays: [30] });
  });

  test.each(["head", "put"])("is delivered again while the store fails to %s", async (method) => {
    const broken = new Proxy(env.FILES, {
      get: (target, property) =>
        property === method
          ? () => Promise.reject(new Error("R2 is away"))
          : (Reflect.get(target, property) as (...args: unknown[]) => unknown).bind(target),
    });
    const rig = await largeRig(undefined, { objects: broken });
    expect(await rig.deliver([MESSAGE])).toEqual({ done: 0, delays: [30] });
    expect(transfers(rig)).toBe(method === "head" ? 0 : 1);
  });

  test("is acknowledged where the file, or its project, is no longer listed, and no such URL is fetched", async () => {
    const rig = await largeRig();
    await rig.upstream.publish("demo", []);
    expect(await rig.deliver([MESSAGE])).toEqual({ done: 1, delays: [] });
    rig.upstream.on(`${FakeUpstream.INDEX}demo/`, () => new Response(null, { status: 404 }));
    rig.wait(3_600_000);
    expect(await rig.deliver([MESSAGE])).toEqual({ done: 1, delays: [] });
    expect([transfers(rig), await stored()]).toEqual([0, []]);
  });

  test.each([
    undefined,
    null,
    "file",
    {},
    { ...MESSAGE, part: "wheel" },
    { ...MESSAGE, source: undefined },
    { ...MESSAGE, source: "https%3A%2F%2Fother.test%2Fsimple%2F" },
    { ...MESSAGE, file: "files.upstream.test" },
    { ...MESSAGE, file: "files.upstream.test/../demo-1.0-py3-none-any.whl" },
    { ...MESSAGE, file: "user@files.upstream.test/demo-1.0-py3-none-any.whl" },
  ])("with the body %j is acknowledged, and nothing is fetched or read", async (message) => {
    const rig = await largeRig();
    expect(await rig.deliver([message])).toEqual({ done: 1, delays: [] });
    expect([rig.upstream.requests, rig.counts]).toEqual([[], {}]);
  });

  test("that is malformed does not keep others of its batch from being handled", async () => {
    const rig = await largeRig();
    expect(await rig.deliver([{}, MESSAGE])).toEqual({ done: 2, delays: [] });
    expect(await stored()).toHaveLength(1);
  });

  test("of a queue without a consumer is not acknowledged", async () => {
    const rig = await largeRig();
    await expect(deliver("other", [MESSAGE], rig.services, rig.now)).rejects.toThrow("No consumer here reads");
  });
});

describe("a file that is larger than one put may be", () => {
  test("is stored in parts, with the same bytes", async () => {
    const rig = await largeRig(undefined, {}, 300_000);
    rig.forget();
    const bytes = new Uint8Array(9_000_000).map((_, at) => at % 251);
    await rig.upstream.publish("demo", [{ filename: "demo-2.0-py3-none-any.whl", bytes }]);
    const file = "files.upstream.test/packages/demo-2.0-py3-none-any.whl";
    expect(await rig.deliver([{ ...MESSAGE, file }])).toEqual({ done: 1, delays: [] });
    expect([rig.counts["r2.createMultipartUpload"], rig.counts["r2.put"]]).toEqual([1, undefined]);
    const warm = await rig.get(`/files/${file}`);
    expect([warm.headers.get("Cache-Status"), await sha256(warm.body)]).toEqual([
      "pypi-edge; hit; detail=r2",
      await sha256(bytes),
    ]);
  });

  test("is not completed where its digest is wrong: R2 does not check the digest of an upload in parts", async () => {
    const rig = await largeRig(undefined, {}, 300_000);
    const bytes = new Uint8Array(9_000_000).fill(1);
    const filename = "demo-2.0-py3-none-any.whl";
    await rig.upstream.publish("demo", [{ filename, bytes, entry: { hashes: { sha256: "0".repeat(64) } } }]);
    const message = { ...MESSAGE, file: `files.upstream.test/packages/${filename}` };
    expect(await rig.deliver([message])).toEqual({ done: 0, delays: [30] });
    expect([rig.counts["r2.createMultipartUpload"], await stored()]).toEqual([1, []]);
  });
});
