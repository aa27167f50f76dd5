import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filePath, Rig } from "../support/rig.ts";
import {
  DAY,
  HOUR,
  inStore,
  keyOf,
  known,
  MINUTE,
  projects,
  read,
  resize,
  SOURCE,
  store,
  sweep,
  wheelOf,
} from "../support/swept.ts";
import { FakeUpstream } from "../support/upstream.ts";

const PAGE = "https://upstream.test/simple/gone/";

/** A worker with two projects' files, the first of which is then gone upstream, and a request has found it so. */
async function orphaned(vars: Record<string, unknown> = {}): Promise<Rig> {
  const rig = new Rig(vars);
  await store(rig, "gone");
  await rig.get(`${filePath(wheelOf("gone").filename)}.metadata`);
  await store(rig, "here");
  rig.upstream.on(PAGE, () => new Response("no such project", { status: 404 }));
  rig.wait(HOUR);
  expect((await rig.page("gone")).status).toBe(404);
  return rig;
}

describe("files of a project that is gone upstream", () => {
  test("are deleted with their metadata a day after their last use, whatever the quota", async () => {
    const rig = await orphaned();
    rig.wait(DAY - HOUR);
    await sweep(rig);
    expect(await projects()).toEqual(["gone", "here", "gone"]);
    rig.wait(1);
    expect(await sweep(rig)).toContain("2 objects (1.0 kB) of projects that are gone upstream were deleted.");
    expect([await inStore(), await projects()]).toEqual([[keyOf(wheelOf("here").filename)], ["here"]]);
  });

  test("all stay for as long as one of them is used", async () => {
    const rig = await orphaned();
    rig.wait(DAY);
    await read(rig, "gone");
    rig.wait(5 * MINUTE);
    await rig.get("/nowhere");
    await sweep(rig);
    expect(await projects()).toEqual(["gone", "here", "gone"]);
  });

  test("are deleted first, and count towards the quota", async () => {
    const rig = await orphaned({ QUOTA: 1 });
    await resize(1_000_000_000);
    rig.wait(2 * DAY);
    expect(await sweep(rig)).toContain("0 objects (0 B) that had been unused for the longest time were deleted.");
    expect(await projects()).toEqual(["here"]);
  });

  test("stay while the source cannot say that it is gone, which the run reports", async () => {
    const rig = await orphaned();
    rig.wait(2 * DAY);
    rig.upstream.down = true;
    expect((await sweep(rig)).join(" ")).toMatch(
      /pypi could not say whether it still has gone, so that its files stay: /,
    );
    expect(await projects()).toEqual(["gone", "here", "gone"]);
    rig.upstream.down = false;
    rig.wait(HOUR);
    await sweep(rig);
    expect(await projects()).toEqual(["here"]);
  });

  test("stay where it has come back, and its page is stored again", async () => {
    const rig = await orphaned();
    await rig.upstream.publish("gone", [wheelOf("gone")]);
    rig.wait(2 * DAY);
    await sweep(rig);
    expect(await projects()).toEqual(["gone", "here", "gone"]);
    expect((await env.PAGES.list({ prefix: "page/" })).keys).toHaveLength(2);
  });
});

describe("a project whose row was lost while its page is stored", () => {
  test("keeps its files and gets its row again, with one request for all later runs", async () => {
    const rig = new Rig();
    await store(rig, "demo");
    const row = () => env.DB.prepare("SELECT project, serial, changed_at FROM page").all();
    const { results } = await row();
    await env.DB.prepare("DELETE FROM page").run();
    rig.restart();
    rig.wait(2 * DAY);
    await sweep(rig);
    expect([await projects(), (await row()).results]).toEqual([["demo"], results]);
    rig.forget();
    rig.wait(HOUR);
    await sweep(rig);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("keeps them also where all rows were lost and the upstream is away", async () => {
    const rig = new Rig();
    for (const name of ["ann", "bob", "cid"]) await store(rig, name);
    await env.DB.batch([env.DB.prepare("DELETE FROM page"), env.DB.prepare("DELETE FROM object")]);
    rig.restart();
    rig.wait(30 * DAY);
    rig.upstream.down = true;
    for (let n = 0; n < 3; n++) await rig.tick("0 * * * *");
    expect([await projects(), (await inStore()).length]).toEqual([["ann", "bob", "cid"], 3]);
  });

  test("is one of at most twenty that a run asks for", async () => {
    const rig = new Rig();
    for (let n = 0; n < 25; n++) await store(rig, `p${n}`);
    await env.DB.prepare("DELETE FROM page").run();
    await env.PAGES.list().then(({ keys }) => Promise.all(keys.map(({ name }) => env.PAGES.delete(name))));
    rig.restart();
    rig.wait(2 * DAY);
    rig.forget();
    await rig.tick("0 * * * *");
    expect(rig.upstream.requests).toHaveLength(20);
    await rig.tick("0 * * * *");
    expect(rig.upstream.requests).toHaveLength(25);
    expect(await inStore()).toHaveLength(25);
  });
});

test("files of a source that is not configured any more are no orphans", async () => {
  const old = new Rig();
  await store(old, "demo");
  const rig = new Rig({ UPSTREAMS: { pypi: { url: "https://upstream.test/other/" } } });
  await env.DB.prepare("DELETE FROM page").run();
  rig.wait(30 * DAY);
  await sweep(rig);
  expect([await projects(), rig.upstream.requests]).toEqual([["demo"], []]);
});

test("a file without a noted project is not deleted", async () => {
  const rig = new Rig();
  await env.FILES.put(keyOf("orphan-1.0.zip"), "bytes");
  await rig.tick("0 * * * *");
  expect(await known()).toMatchObject([{ project: "", size: 5 }]);
  await env.DB.prepare("UPDATE object SET used_at = 0, known_at = 0").run();
  await rig.tick("0 * * * *");
  expect(await inStore()).toHaveLength(1);
});

test("projects whose sources fail do not block others", async () => {
  const rig = new Rig();
  const names = [...Array.from({ length: 20 }, (_, n) => `p${n}`), "gone"];
  for (const name of names) {
    const key = keyOf(`${name}-1.0.tar.gz`);
    await env.FILES.put(key, "x", { customMetadata: { project: name } });
    const insert = env.DB.prepare(
      "INSERT INTO object (key, source, project, size, used_at, known_at) VALUES (?1, ?2, ?3, 1, 0, 0)",
    );
    await insert.bind(key, SOURCE, name).run();
    rig.upstream.on(`${FakeUpstream.INDEX}${name}/`, () => new Response("no", { status: name === "gone" ? 404 : 403 }));
  }
  for (let n = 0; n < 200 && (await inStore()).length > 20; n++) {
    rig.wait(HOUR);
    rig.restart();
    await sweep(rig);
  }
  expect(await inStore()).not.toContain(keyOf("gone-1.0.tar.gz"));
});
