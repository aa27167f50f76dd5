import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const WHEEL = { filename: "demo-1.0-cp312-cp312-win_amd64.whl", bytes: new Uint8Array(60_000).fill(3) };
const SDIST = { filename: "demo-1.0.tar.gz", bytes: new Uint8Array(600).fill(4) };

async function published(vars: Record<string, unknown> = {}) {
  const rig = new Rig(vars);
  await rig.upstream.publish("demo", [{ ...WHEEL, metadata: "Name: demo\n", ranges: true }, SDIST]);
  return rig;
}

const rows = async (column: "project" | "kind", table: "popularity" | "kind_popularity") =>
  (await env.DB.prepare(`SELECT ${column} AS it FROM ${table} ORDER BY it`).all<{ it: string }>()).results.map(
    ({ it }) => it,
  );

/** What is in the database once it is written. */
async function written(rig: Rig) {
  rig.wait(301_000);
  await rig.page("demo");
  await rig.get(filePath(SDIST.filename));
  return { projects: await rows("project", "popularity"), kinds: await rows("kind", "kind_popularity") };
}

describe("what clients ask for", () => {
  test("is counted without one operation more on the way of a request", async () => {
    const [counted, not] = [await published(), await published({ POPULAR: 0 })];
    for (const rig of [counted, not]) {
      await rig.page("demo");
      await rig.get(filePath(SDIST.filename));
      rig.forget();
      rig.restart();
      for (let n = 0; n < 10; n++) {
        await rig.page("demo");
        await rig.get(filePath(SDIST.filename));
      }
    }
    expect(counted.counts).toEqual({ "kv.getWithMetadata": 1, "r2.get": 1 });
    expect(not.counts).toEqual(counted.counts);
  });

  test("is written behind an answer, in one call of the database in five minutes beside the counters", async () => {
    const rig = await published();
    for (let minutes = 0; minutes < 10; minutes++) {
      await rig.page("demo");
      await rig.get(filePath(SDIST.filename));
      if (minutes === 0) rig.forget();
      rig.wait(60_000);
    }
    expect(rig.counts).toMatchObject({ "d1.prepare": 3, "d1.batch": 1 });
  });

  test("and is not there leaves no row", async () => {
    const rig = await published();
    await rig.page("demo");
    for (let n = 0; n < 50; n++) await rig.page(`unknown-${n}`);
    await rig.get(filePath("unknown-1.0-py3-none-any.whl"));
    await rig.get(filePath("demo-9.9-py3-none-any.whl"));
    // What is asked for then, to have it written.
    expect(await written(rig)).toEqual({ projects: ["demo"], kinds: [] });
  });

  test("while the upstream fails counts where there is an answer", async () => {
    const rig = await published();
    await rig.page("demo");
    rig.upstream.down = true;
    rig.wait(3_600_000);
    await rig.page("other");
    rig.wait(301_000);
    expect((await rig.page("demo")).headers.get("Cache-Status")).toContain("stale");
    expect(await rows("project", "popularity")).toEqual(["demo"]);
  });

  test("counts as a file where it is one, whole: not its metadata, not its facts, not a part of it", async () => {
    const rig = await published();
    const path = filePath(WHEEL.filename);
    await rig.get(filePath(SDIST.filename));
    await rig.get(`${path}.metadata`);
    await rig.get(path, {}, "HEAD");
    await rig.get(path, { Range: "bytes=-100" });
    await rig.get(path, { Range: "bytes=0-100" });
    expect((await written(rig)).kinds).toEqual(["sdist"]);
    await rig.get(path);
    expect((await written(rig)).kinds).toEqual(["cp312-win_amd64", "sdist"]);
  });

  test("counts requests of clients, and not those of jobs", async () => {
    const rig = await published();
    await rig.deliver([{ source: encodeURIComponent(FakeUpstream.INDEX), file: fileOf(WHEEL.filename), part: "file" }]);
    await rig.get(filePath(SDIST.filename));
    rig.wait(301_000);
    await rig.get(filePath(SDIST.filename));
    expect([await rows("project", "popularity"), await rows("kind", "kind_popularity")]).toEqual([[], ["sdist"]]);
  });

  test("is not counted where nothing is to be popular", async () => {
    const rig = await published({ POPULAR: 0 });
    await rig.page("demo");
    expect(await written(rig)).toEqual({ projects: [], kinds: [] });
  });

  test("is given while the database is away", async () => {
    const rig = await published();
    await rig.page("demo");
    rig.wait(301_000);
    rig.breakOnce("d1.batch");
    expect((await rig.page("demo")).status).toBe(200);
    expect(await rows("project", "popularity")).toEqual([]);
    rig.wait(301_000);
    expect((await rig.page("demo")).status).toBe(200);
    expect(await rows("project", "popularity")).toEqual(["demo"]);
  });
});

const fileOf = (filename: string) => `files.upstream.test/packages/${filename}`;
