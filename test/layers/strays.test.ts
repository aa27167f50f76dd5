import { describe, expect, test } from "vitest";
import { host, OPEN_TEAM } from "../support/hosted.ts";
import { filePath, Rig, VARS } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

/** Files of `demo` whose names do not lead to it. */
const STRAYS = [
  "munepy-1.3.tar.gz",
  "demo-docs-1.0.zip",
  "python-demo-1.0-1.noarch.rpm",
  "demo-v1-2.tar.gz",
  "demo.1.0.zip",
  "Demo_Documentation.zip",
  "other-1.0-py3-none-any.whl",
];
const files = STRAYS.map((filename, nth) => ({ filename, bytes: new Uint8Array(500).fill(nth + 1) }));
const PLAIN = { filename: "demo-1.0.tar.gz", bytes: new Uint8Array(500).fill(99) };

async function published(vars: Record<string, unknown> = {}): Promise<Rig> {
  const rig = new Rig(vars);
  await rig.upstream.publish("demo", [...files, PLAIN]);
  await rig.page("demo");
  return rig;
}

const TWO = {
  UPSTREAMS: { first: { url: "https://upstream.test/first/simple/" }, ...VARS.UPSTREAMS },
  INDEXES: { default: { sources: ["first", "pypi"] } },
};

describe("a file whose name does not lead to the project that lists it", () => {
  test.each(files)("$filename is given, cold in another isolate and stored", async ({ filename, bytes }) => {
    const rig = await published();
    for (let n = 0; n < 3; n++) {
      rig.restart();
      const answer = await rig.get(filePath(filename));
      expect([answer.status, answer.body]).toEqual([200, bytes]);
    }
    rig.forget();
    rig.restart();
    await rig.get(filePath(filename));
    expect(rig.upstream.requests).toEqual([]);
    expect(rig.counts).toEqual({ "r2.get": 1 });
  });

  test("is given although a project of the name's is there, and while that cannot be asked", async () => {
    const rig = await published();
    await rig.upstream.publish("munepy", [{ filename: "munepy-2.0.tar.gz", bytes: new Uint8Array(10) }]);
    rig.restart();
    expect((await rig.get(filePath("munepy-1.3.tar.gz"))).status).toBe(200);
    rig.upstream.on(`${FakeUpstream.INDEX}other/`, () => new Response(null, { status: 500 }));
    expect((await rig.get(filePath("other-1.0-py3-none-any.whl"))).status).toBe(200);
  });

  test("is stored by the queue, and given with its range", async () => {
    const rig = new Rig({}, {}, { finishAlone: 100, maxPut: 1_000_000 });
    await rig.upstream.publish("demo", files);
    await rig.page("demo");
    rig.restart();
    await rig.get(filePath("demo-docs-1.0.zip"));
    expect(await rig.deliver()).toEqual({ done: 1, delays: [] });
    expect((await rig.get(filePath("demo-docs-1.0.zip"), { Range: "bytes=0-9" })).status).toBe(206);
  });

  test("is given by an index of several sources, from the one that owns the project", async () => {
    const rig = await published(TWO);
    for (const { filename, bytes } of files) {
      rig.restart();
      expect((await rig.get(filePath(filename))).body).toEqual(bytes);
    }
  });

  test("is not served from a source whose project belongs to an earlier source", async () => {
    const rig = await published(TWO);
    for (const { filename } of files) await rig.get(filePath(filename));
    rig.upstream.on("https://upstream.test/first/simple/demo/", () =>
      Response.json(
        { meta: { "api-version": "1.0" }, name: "demo", files: [] },
        { headers: { "Content-Type": "application/vnd.pypi.simple.v1+json" } },
      ),
    );
    rig.wait(601_000);
    rig.restart();
    for (const { filename } of files) expect((await rig.get(filePath(filename))).status).toBe(404);
  });

  test("is not given where its project is reserved, claimed by another source, or hosted", async () => {
    await published();
    const reserved = new Rig({ RESERVED: ["demo"] });
    const claimed = new Rig({
      UPSTREAMS: { first: { url: "https://upstream.test/first/simple/", projects: ["demo"] }, ...VARS.UPSTREAMS },
      INDEXES: TWO.INDEXES,
    });
    const team = new Rig(OPEN_TEAM);
    const path = filePath("munepy-1.3.tar.gz");
    expect([(await reserved.get(path)).status, (await claimed.get(path)).status]).toEqual([404, 404]);
    const rig = await published(OPEN_TEAM);
    expect((await rig.get(`/team${path}`)).status).toBe(200);
    await host("demo", "demo-2.0.tar.gz");
    expect([(await rig.get(`/team${path}`)).status, (await team.get(`/team${path}`)).status]).toEqual([404, 404]);
  });

  test("is not given once its page does not list it", async () => {
    const rig = await published();
    await rig.upstream.publish("demo", [PLAIN]);
    rig.wait(601_000);
    await rig.page("demo");
    rig.restart();
    expect((await rig.get(filePath("munepy-1.3.tar.gz"))).status).toBe(404);
  });

  test("is replaced like any other", async () => {
    const rig = await published();
    await rig.get(filePath("munepy-1.3.tar.gz"));
    const bytes = new Uint8Array(600).fill(7);
    await rig.upstream.publish("demo", [{ filename: "munepy-1.3.tar.gz", bytes }]);
    rig.wait(601_000);
    await rig.page("demo");
    rig.restart();
    expect((await rig.get(filePath("munepy-1.3.tar.gz"))).body).toEqual(bytes);
  });
});

describe("what strays cost others", () => {
  test("nothing: a page without any is stored, and its file served, by the same operations", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [PLAIN]);
    await rig.page("demo");
    expect(rig.counts).toEqual({ "kv.getWithMetadata": 1, "kv.put": 1, "d1.prepare": 1 });
    rig.restart();
    rig.forget();
    await rig.get(filePath(PLAIN.filename));
    expect(rig.counts).toEqual({ "r2.get": 1, "kv.getWithMetadata": 1, "r2.put": 1, "d1.prepare": 1 });
  });

  test("a page whose strays could not be noted is served, and noted when it is next asked for", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", files);
    rig.breakOnce("d1.batch");
    expect((await rig.page("demo")).status).toBe(200);
    rig.restart();
    await rig.page("demo");
    rig.restart();
    expect((await rig.get(filePath("munepy-1.3.tar.gz"))).status).toBe(200);
  });
});
