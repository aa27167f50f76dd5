import { describe, expect, test } from "vitest";
import { filesOn, host, pageIn, READER, TEAM } from "../../support/hosted.ts";
import { filePath, JSON_TYPE, onCloudflare, Rig } from "../../support/rig.ts";
import { FakeUpstream } from "../../support/upstream.ts";
import { bearer, give } from "../../support/tokens.ts";

const WHEEL = "acme-1.0-py3-none-any.whl";

/** A private index with a hosted project, over an upstream with another, as clients have asked for both. */
async function warm(bytes = new Uint8Array(100)) {
  const rig = new Rig(TEAM, onCloudflare());
  await rig.upstream.publish("demo", [
    { filename: "demo-1.0-py3-none-any.whl", bytes, metadata: "Metadata-Version: 2.1\nName: demo\n" },
  ]);
  const hosted = await host("acme", WHEEL, { bytes, metadata: "Metadata-Version: 2.1\nName: acme\n" });
  const reader = bearer((await give(rig)).text);
  const paths = [
    "/team/simple/acme/",
    `/team${hosted.path}`,
    `/team${hosted.path}.metadata`,
    "/team/simple/demo/",
    `/team${filePath("demo-1.0-py3-none-any.whl")}`,
    `/team${filePath("demo-1.0-py3-none-any.whl")}.metadata`,
  ];
  const get = async (path: string) => {
    const answer = await rig.get(path, { Accept: JSON_TYPE, ...reader });
    expect(answer.status).toBe(200);
  };
  // Large files are in memory when they were read from the store once.
  for (const path of [...paths, ...paths]) await get(path);
  return { rig, paths, get };
}

/** What requests have cost, by store. */
function cost({ counts }: Rig): Record<string, number> {
  const sum = (store: string) =>
    Object.entries(counts).reduce((total, [call, times]) => total + (call.startsWith(`${store}.`) ? times : 0), 0);
  return { d1: sum("d1"), stores: sum("kv") + sum("r2"), cache: sum("cache") };
}

describe("a warm page, file or metadata of a private index, hosted or not", () => {
  test("costs nothing where it is in memory", async () => {
    const { rig, paths, get } = await warm();
    rig.forget();
    for (const path of paths) await get(path);
    expect(rig.counts).toEqual({});
  });

  test("costs one read of KV or R2 at most in another isolate, and no query", async () => {
    const { rig, paths, get } = await warm();
    for (const path of paths) {
      rig.restart();
      rig.forget();
      await get(path);
      const { d1, stores, cache } = cost(rig);
      expect([path, d1, (stores ?? 2) <= 1, (cache ?? 9) <= 4]).toEqual([path, 0, true, true]);
    }
  });

  test("costs at most one query for the tokens and one for the index, however many ask, 0.7 s later", async () => {
    const { rig, paths, get } = await warm();
    rig.forget();
    rig.wait(700);
    await Promise.all(Array.from({ length: 100 }, (_, at) => get(paths[at % paths.length] ?? "")));
    expect(rig.counts["d1.prepare"]).toBe(2);
  });
});

test("a listing and the page of links cost no query either", async () => {
  const { rig, get } = await warm();
  const listing = '{"meta":{},"projects":[{"name":"demo"}]}';
  rig.upstream.on(FakeUpstream.INDEX, () => new Response(listing, { headers: { "Content-Type": JSON_TYPE } }));
  await get("/team/find-links/");
  rig.forget();
  await get("/team/find-links/");
  expect(rig.counts).toEqual({});
  await get("/team/simple/");
  expect(rig.counts["d1.prepare"]).toBeUndefined();
});

test("what another isolate has changed is seen after 0.7 s, and what is hosted then hides the upstream's", async () => {
  const { rig, get } = await warm();
  await host("demo", "demo-9.0.tar.gz");
  rig.wait(699);
  expect(filesOn(await pageIn(rig, "/team", "demo", READER))).toEqual(["demo-1.0-py3-none-any.whl"]);
  rig.wait(1);
  expect(filesOn(await pageIn(rig, "/team", "demo", READER))).toEqual(["demo-9.0.tar.gz"]);
  await get("/team/simple/demo/");
});
