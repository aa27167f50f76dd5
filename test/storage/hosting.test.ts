import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { asFilename, type Filename } from "../../worker/pypi/filename.ts";
import { asProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import type { ResponseCache } from "../../worker/platform/platform.ts";
import { databaseDown } from "../../worker/storage/d1/hosted-projects.ts";
import { Memory } from "../../worker/storage/memory.ts";
import type { OutageRules } from "../../worker/storage/snapshots/outage.ts";
import { snapshotStores } from "../../worker/storage/snapshots/snapshot-stores.ts";
import { counting, type Counts } from "../support/counting.ts";
import { host, setStatus } from "../support/hosted.ts";

const named = (name: string) => asProjectName(name) as ProjectName;
const filed = (name: string) => asFilename(name) as Filename;
const DEMO = named("demo");
const SHARED: ResponseCache = caches.default;
/** As on workers.dev. */
const NO_CACHE: ResponseCache = {
  match: () => Promise.resolve(undefined),
  put: () => Promise.resolve(),
  delete: () => Promise.resolve(false),
};
const NO_GRACE: OutageRules = { grace: 0, isReserved: () => false };

/** Data centres: what their isolates know of what indexes host, over the real database and the real cache. */
function hosting({ reuse = 700, skew = 300, outage = NO_GRACE, budget = 1024 ** 2, cache = SHARED } = {}) {
  const world = { now: 1_000_000 };
  const counts: Counts = {};
  const broken = new Map<string, number>();
  const deferred: Promise<unknown>[] = [];
  const database = counting(env.DB, "d1", counts, broken);
  const staleness = { reuse, skew };
  const centre = () => {
    const parts = { database, cache, deployment: crypto.randomUUID(), staleness, now: () => world.now };
    return () => snapshotStores(parts, new Memory(budget, budget), outage).hosting;
  };
  const ctx = () => ({
    now: world.now,
    defer: (work: Promise<unknown>) => void deferred.push(work),
    report: () => undefined,
  });
  /** The files that an index has of demo; undefined where it does not host it. */
  const ask = async (port: ReturnType<ReturnType<typeof centre>>, indexes = ["team"]) => {
    const hosts = await port.projects([DEMO], indexes, ctx());
    await Promise.all(deferred.splice(0));
    return hosts.get(DEMO)?.map(({ files }) => files.map(({ filename }) => filename));
  };
  return { world, counts, broken, centre, ctx, ask };
}

describe("the indexes that host projects", () => {
  test("are listed by project, in the order of the indexes, with their files", async () => {
    const { centre, ctx } = hosting();
    const port = centre()();
    await host("demo", "demo-1.0.tar.gz", { index: "base" });
    await host("demo", "demo-2.0.tar.gz", { yanked: "", requiresPython: ">=3" });
    await host("demo", "demo-1.9.tar.gz", { deleted: true });
    await host("empty");
    await setStatus("empty", "archived", "done");
    const hosts = await port.projects(["demo", "empty", "other"].map(named), ["team", "base"], ctx());
    expect([...hosts.keys()]).toEqual(["demo", "empty"]);
    expect(hosts.get(DEMO)?.map(({ index, files }) => [index, files.map(({ filename }) => filename)])).toEqual([
      ["team", ["demo-2.0.tar.gz"]],
      ["base", ["demo-1.0.tar.gz"]],
    ]);
    expect(hosts.get(DEMO)?.[0]?.files[0]).toMatchObject({ version: "2.0", yanked: "", requiresPython: ">=3" });
    expect(hosts.get(named("empty"))).toMatchObject([{ status: { status: "archived", reason: "done" }, files: [] }]);
  });

  test("are read anew after 0.7 s at most, by one query, which brings only what has changed", async () => {
    const { world, counts, centre, ask } = hosting();
    const port = centre()();
    for (let at = 0; at < 30; at++) await host(`project-${at}`);
    await host("demo", "demo-1.0.tar.gz");
    const first = await ask(port);
    await host("demo", "demo-2.0.tar.gz");
    world.now += 699;
    expect(await ask(port)).toEqual(first);
    expect(counts["d1.prepare"]).toBe(2);
    world.now += 1;
    expect(await ask(port)).toEqual([["demo-1.0.tar.gz", "demo-2.0.tar.gz"]]);
    expect(counts["d1.prepare"]).toBe(4);
    world.now += 1_000;
    expect(await ask(port)).toEqual([["demo-1.0.tar.gz", "demo-2.0.tar.gz"]]);
    expect(counts["d1.prepare"]).toBe(5);
  });

  test("are known to all isolates of a data centre by one query", async () => {
    const { world, counts, centre, ask } = hosting();
    await host("demo", "demo-1.0.tar.gz");
    const isolate = centre();
    for (let isolates = 0; isolates < 5; isolates++) expect(await ask(isolate())).toEqual([["demo-1.0.tar.gz"]]);
    expect(counts).toEqual({ "d1.prepare": 2 });
    world.now += 700;
    for (let isolates = 0; isolates < 5; isolates++) expect(await ask(isolate())).toEqual([["demo-1.0.tar.gz"]]);
    expect(counts).toEqual({ "d1.prepare": 3 });
  });

  test("are read once in 0.7 s by each isolate where the platform's cache does nothing", async () => {
    const { world, counts, centre, ask } = hosting({ cache: NO_CACHE });
    const isolate = centre();
    const ports = [isolate(), isolate()];
    for (let requests = 0; requests < 100; requests++) {
      world.now += 10;
      for (const port of ports) await ask(port);
    }
    expect(counts["d1.prepare"]).toBe(2 * 2);
    await host("demo", "demo-1.0.tar.gz");
    world.now += 700;
    for (const port of ports) expect(await ask(port)).toEqual([["demo-1.0.tar.gz"]]);
  });

  test("are read once for all requests that come together", async () => {
    const { counts, centre, ask } = hosting();
    const port = centre()();
    await Promise.all(Array.from({ length: 20 }, () => ask(port)));
    expect(counts).toEqual({ "d1.prepare": 1 });
  });

  test("are read each time where nothing is to be reused, their files once a change", async () => {
    const { counts, centre, ask } = hosting({ reuse: 0, skew: 0 });
    const port = centre()();
    expect(await ask(port)).toBeUndefined();
    await host("demo", "demo-1.0.tar.gz");
    expect(await ask(port)).toEqual([["demo-1.0.tar.gz"]]);
    expect(counts).toEqual({ "d1.prepare": 3 });
    expect(await ask(port)).toEqual([["demo-1.0.tar.gz"]]);
    expect(counts).toEqual({ "d1.prepare": 4 });
  });

  test("do without memory and copies where a project is too large for them", async () => {
    const { centre, ask } = hosting({ budget: 100, reuse: 0 });
    const port = centre()();
    await host("demo", "demo-1.0.tar.gz");
    for (let turn = 0; turn < 2; turn++) expect(await ask(port)).toEqual([["demo-1.0.tar.gz"]]);
  });

  test.each([
    ["yanked", "UPDATE hosted_file SET yanked = 'bad'", [["demo-1.0.tar.gz"]], "bad"],
    ["renamed", "UPDATE hosted_file SET filename = 'demo-1.tar.gz'", [["demo-1.tar.gz"]], undefined],
    ["removed", "DELETE FROM hosted_file", [[]], undefined],
  ])("see a file that is %s by hand", async (_what, sql, files, yanked) => {
    const { world, centre, ask, ctx } = hosting();
    const port = centre()();
    await host("demo", "demo-1.0.tar.gz");
    await ask(port);
    await env.DB.exec(sql);
    world.now += 700;
    expect(await ask(port)).toEqual(files);
    expect((await port.projects([DEMO], ["team"], ctx())).get(DEMO)?.[0]?.files[0]?.yanked).toBe(yanked);
  });

  test("host a project no longer whose row is gone, and are not taken for what they were when it comes back", async () => {
    const { centre, ask } = hosting({ reuse: 0, skew: 0 });
    const port = centre()();
    await host("demo", "demo-1.0.tar.gz");
    await ask(port);
    await env.DB.exec("DELETE FROM hosted_file");
    await env.DB.exec("DELETE FROM hosted_project");
    expect(await ask(port)).toBeUndefined();
    await host("demo", "demo-2.0.tar.gz");
    expect(await ask(port)).toEqual([["demo-2.0.tar.gz"]]);
  });

  test.each([0, 700])("are read anew where the clock was set back (%i ms may be reused)", async (reuse) => {
    const { world, centre, ask } = hosting({ reuse, skew: reuse === 0 ? 0 : 300 });
    const isolate = centre();
    const port = isolate();
    expect(await ask(port)).toBeUndefined();
    world.now -= 60_000;
    await host("demo", "demo-1.0.tar.gz");
    for (const each of [port, isolate()]) expect(await ask(each)).toEqual([["demo-1.0.tar.gz"]]);
  });

  test("are as in the database where it was restored to an earlier time", async () => {
    const { world, centre, ask } = hosting();
    const isolate = centre();
    await host("demo", "demo-1.0.tar.gz");
    const { results } = await env.DB.prepare("SELECT subject, number FROM revision").all<{ subject: string }>();
    const rows = await env.DB.prepare("SELECT changed FROM hosted_project").first<{ changed: number }>();
    await host("demo", "demo-2.0.tar.gz");
    const port = isolate();
    expect((await ask(port))?.[0]).toHaveLength(2);
    await env.DB.batch([
      env.DB.prepare("DELETE FROM hosted_file WHERE version = '2.0'"),
      env.DB.prepare("UPDATE hosted_project SET changed = ?1").bind(rows?.changed ?? 0),
      env.DB.prepare("UPDATE revision SET number = ?1").bind((results[0] as unknown as { number: number }).number),
    ]);
    // What was known within a query's longest time may be the later state.
    world.now += 3_301;
    for (const each of [port, isolate()]) expect(await ask(each)).toEqual([["demo-1.0.tar.gz"]]);
    await host("demo", "demo-3.0.tar.gz");
    world.now += 1_000;
    for (const each of [port, isolate()]) expect(await ask(each)).toEqual([["demo-1.0.tar.gz", "demo-3.0.tar.gz"]]);
  });

  test.each([
    ["another deployment's", (copy: Response) => copy, "other"],
    ["of a clock that is ahead", (copy: Response) => stamped(copy, 60_000), "same"],
    ["not readable", (copy: Response) => new Response("{", copy), "same"],
    [
      "without a time",
      (copy: Response) => new Response(copy.body, { headers: { "Cache-Control": "max-age=60" } }),
      "same",
    ],
  ])("are not known by a copy that is %s", async (_what, changed, deployment) => {
    const counts: Counts = {};
    const key = (of: string) => `https://snapshot.invalid/${of}/${encodeURIComponent("index team")}`;
    const id = crypto.randomUUID();
    const copy = new Response("[]", { headers: { "Cache-Control": "max-age=60" } });
    await caches.default.put(key(deployment === "same" ? id : "other"), changed(stamped(copy, 0)));
    await host("demo", "demo-1.0.tar.gz");
    const database = counting(env.DB, "d1", counts);
    const parts = {
      database,
      cache: caches.default,
      deployment: id,
      staleness: { reuse: 700, skew: 300 },
      now: () => NOW,
    };
    const { hosting: port } = snapshotStores(parts, new Memory(1_000), NO_GRACE);
    const ctx = { now: NOW, defer: (work: Promise<unknown>) => void work, report: () => undefined };
    expect((await port.projects([DEMO], ["team"], ctx)).size).toBe(1);
    expect(counts["d1.prepare"]).toBe(2);
  });
});

const NOW = 1_000_000;

/** A copy that was taken so many milliseconds after now. */
function stamped(copy: Response, later: number): Response {
  const stampedCopy = new Response(copy.body, copy);
  stampedCopy.headers.set("Taken-At", String(NOW + later));
  stampedCopy.headers.set("Revision", "5");
  return stampedCopy;
}

describe("while the database does not answer", () => {
  const outage = { grace: 10_000, isReserved: (name: ProjectName) => name === named("acme-x") };

  test("nothing is known after 0.7 s, unless a time is set", async () => {
    const { world, broken, centre, ask } = hosting();
    const port = centre()();
    expect(await ask(port)).toBeUndefined();
    world.now += 699;
    broken.set("d1.prepare", 1);
    expect(await ask(port)).toBeUndefined();
    world.now += 1;
    await expect(ask(port)).rejects.toThrow("The database does not answer");
  });

  test("names that were not hosted go on for the time that is set; hosted and reserved ones fail", async () => {
    const { world, broken, centre, ctx } = hosting({ outage });
    const port = centre()();
    await host("demo", "demo-1.0.tar.gz");
    const ask = async (name: string) => port.projects([named(name)], ["team"], ctx());
    expect([(await ask("demo")).size, (await ask("other")).size]).toEqual([1, 0]);
    for (const [wait, isKnown] of [
      [9_999, true],
      [1, false],
    ] as const) {
      world.now += wait;
      for (const name of ["demo", "acme-x", "other"]) {
        broken.set("d1.prepare", 1);
        const answer = await ask(name).catch((error: unknown) => error);
        expect(answer).toEqual(isKnown && name === "other" ? new Map() : databaseDown(undefined));
      }
      broken.set("d1.prepare", 1);
      await expect(port.names(["team"], ctx())).rejects.toThrow("The database does not answer");
    }
  });
});

test("the names of several indexes are listed once each, sorted, and files by project", async () => {
  const { centre, ctx, counts } = hosting();
  const port = centre()();
  await host("zeta", "zeta-1.0.tar.gz", { index: "base" });
  await host("demo", "demo-1.0.tar.gz", { index: "base" });
  await host("demo", "demo-2.0.tar.gz");
  expect(await port.names(["team", "base"], ctx())).toEqual(["demo", "zeta"]);
  const all = await port.all(["team", "base"], ctx());
  expect([...all].map(([name, having]) => [name, having.map(({ index }) => index)])).toEqual([
    ["demo", ["team", "base"]],
    ["zeta", ["base"]],
  ]);
  expect(all.get(DEMO)?.[0]?.files[0]?.filename).toBe(filed("demo-2.0.tar.gz"));
  expect(counts).toEqual({ "d1.prepare": 3 });
});
