import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { runJob } from "../../worker/jobs/schedule.ts";
import type { Edge } from "../../worker/repository/ports/maintenance.ts";
import { edgeOf } from "../../worker/cloudflare/edge.ts";
import { Rig } from "../support/rig.ts";

/** A cache in front of the worker that takes down what it was told to drop, call by call. */
class FakeEdge implements Edge {
  readonly calls: (readonly string[] | "everything")[] = [];
  down = false;

  purge(what: readonly string[] | "everything"): Promise<void> {
    if (this.down) return Promise.reject(new Error("the edge does not answer"));
    this.calls.push(what);
    return Promise.resolve();
  }

  /** What was dropped since this was last asked, in order. */
  dropped(): string[] {
    return this.calls
      .splice(0)
      .flatMap((call) => call)
      .toSorted();
  }
}

/** A worker behind an edge, that has purged before. */
async function edgeRig() {
  const rig = new Rig();
  const edge = new FakeEdge();
  rig.edge = edge;
  await rig.tick("* * * * *");
  edge.calls.length = 0;
  rig.wait(60_000);
  return { rig, edge };
}

/** Has these projects' pages stored as they are now, whatever was stored before. */
async function change(rig: Rig, ...projects: string[]): Promise<void> {
  for (const project of projects) {
    await rig.upstream.publish(project, [], { at: rig.now });
    rig.restart();
    await rig.get(`/simple/${project}/`);
  }
}

/** Rows of pages that changed now, without the pages. */
const manyChanged = (rig: Rig, count: number) =>
  env.DB.batch(
    Array.from({ length: count }, (_, at) =>
      env.DB.prepare("INSERT INTO page (source, project, changed_at) VALUES ('s', ?1, ?2)").bind(`p-${at}`, rig.now),
    ),
  );

describe("each minute the edge's cache", () => {
  test("drops what has changed since the last time, and once more 70 s later", async () => {
    const { rig, edge } = await edgeRig();
    await change(rig, "one", "two");
    rig.wait(1_000);
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual(["project-one", "project-two"]);
    rig.wait(60_000);
    await change(rig, "three");
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual(["project-three"]);
    rig.wait(60_000);
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual(["project-one", "project-two"]);
    rig.wait(60_000);
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual(["project-three"]);
    rig.wait(60_000);
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual([]);
  });

  test("drops by the tag that the page's answers carry", async () => {
    const { rig, edge } = await edgeRig();
    await rig.upstream.publish("demo-project", []);
    const { headers } = await rig.get("/simple/demo-project/");
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual([headers.get("Cache-Tag")]);
  });

  test.each([
    [0, []],
    [100, [100]],
    [101, [100, 1]],
    [500, [100, 100, 100, 100, 100]],
    [501, ["everything"]],
  ])("is asked, for %i projects, in these calls: %j", async (count, calls) => {
    const { rig, edge } = await edgeRig();
    if (count > 0) await manyChanged(rig, count);
    await rig.tick("* * * * *");
    expect(edge.calls.map((call) => (call === "everything" ? call : call.length))).toEqual(calls);
  });

  test("that was not reached, or whose changes could not be read, is purged at the next tick", async () => {
    const { rig, edge } = await edgeRig();
    await change(rig, "demo");
    edge.down = true;
    await rig.tick("* * * * *");
    edge.down = false;
    rig.breakOnce("d1.prepare");
    rig.wait(60_000);
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual([]);
    rig.wait(60_000);
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual(["project-demo"]);
  });

  test("is asked by any isolate: when it last was is in the database", async () => {
    const { rig, edge } = await edgeRig();
    await change(rig, "demo");
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual(["project-demo"]);
    rig.restart();
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual([]);
  });

  test("is not purged by a dry run, which records nothing", async () => {
    const { rig, edge } = await edgeRig();
    await change(rig, "demo");
    const ctx = { now: rig.now, defer: () => undefined, report: () => undefined };
    const said = await runJob("purge", { ...rig.services, edge }, ctx, { dryRun: true, byHand: true });
    expect([said, edge.calls]).toEqual([[{ kind: "edge-purged", projects: 1 }], []]);
    await rig.tick("* * * * *");
    expect(edge.dropped()).toEqual(["project-demo"]);
  });
});

test("without an edge the minute's tick asks the database nothing for it", async () => {
  const rig = new Rig();
  rig.forget();
  await rig.tick("* * * * *");
  // One statement asks for mirrors that have something to do, and one notes that the cron ran, which /-/health reads.
  expect(rig.counts).toEqual({ "d1.prepare": 2 });
});

describe("the platform's cache", () => {
  const cacheThat = (result: CachePurgeResult) => {
    const asked: CachePurgeOptions[] = [];
    const purge = (options: CachePurgeOptions) => {
      asked.push(options);
      return Promise.resolve(result);
    };
    return { cache: { purge, invalidate: purge }, asked };
  };

  test("is purged by tags, or completely", async () => {
    const { cache, asked } = cacheThat({ success: true, errors: [] });
    await edgeOf(cache)?.purge(["project-demo"]);
    await edgeOf(cache)?.purge("everything");
    expect(asked).toEqual([{ tags: ["project-demo"] }, { purgeEverything: true }]);
  });

  test("that refuses has not been purged", async () => {
    const { cache } = cacheThat({ success: false, errors: [{ code: 1, message: "too many" }] });
    await expect(edgeOf(cache)?.purge(["project-demo"])).rejects.toThrow("too many");
  });

  test("that is not there is no edge", () => {
    expect(edgeOf(undefined)).toBeUndefined();
  });
});
