import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { runJob } from "../../worker/jobs/schedule.ts";
import { isDue } from "../../worker/jobs/refresh-popular.ts";
import { parseProjectName, type ProjectName } from "../../worker/pypi/name.ts";
import type { ChangeLogState } from "../../worker/repository/ports/change-log.ts";
import { contextOf } from "../../worker/log/context.ts";
import { logAs } from "../../worker/log/log.ts";
import type { MirroredSource } from "../../worker/repository/repository.ts";
import { Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const MINUTE = 60_000;
const SOURCE = encodeURIComponent(FakeUpstream.INDEX);

/** A worker whose clients have asked for each of these projects as often as it is named. */
async function asked(projects: readonly string[], vars: Record<string, unknown> = {}) {
  const rig = new Rig(vars);
  for (const project of new Set(projects)) await rig.upstream.publish(project, []);
  for (const project of projects) await rig.page(project);
  rig.wait(5 * MINUTE);
  await rig.page(projects[0] ?? "nothing");
  rig.forget();
  return rig;
}

const did = async (rig: Rig, job: string) =>
  (JSON.parse((await rig.post(`jobs/${job}`)).text()) as { did: string[] }).did;

describe("the refresh of popular projects", () => {
  test("queues the pages of the most popular projects, and sends the upstream no request itself", async () => {
    const rig = await asked(["a", "b", "b", "a", "c"], { POPULAR: 2 });
    expect(await did(rig, "refresh")).toEqual(["pypi: 2 popular projects, 2 due, queued."]);
    expect(rig.refreshes.messages).toEqual([{ source: SOURCE, projects: ["a", "b"], cause: "popular" }]);
    expect(rig.upstream.requests).toEqual([]);
    // What is popular, that it was queued, and who started the job.
    expect(rig.counts).toEqual({ "d1.prepare": 3 });
  });

  test("queues no page again before PAGE_TTL, and each page after it", async () => {
    const rig = await asked(["a", "b"]);
    const queued = [];
    for (let minutes = 0; minutes <= 20; minutes += 5) {
      await rig.tick("*/5 * * * *");
      queued.push(rig.refreshes.messages.splice(0).flatMap(({ projects }) => projects));
      rig.wait(5 * MINUTE - 100);
    }
    expect(queued).toEqual([["a", "b"], [], ["a", "b"], [], ["a", "b"]]);
    await rig.tick("*/5 * * * *");
    expect(await did(rig, "refresh")).toEqual(["pypi: 2 popular projects, none due."]);
  });

  test("lets clients have what has changed, and what has not, without asking the upstream themselves", async () => {
    const rig = await asked(["a", "b"]);
    rig.wait(10 * MINUTE);
    const file = { filename: "b-1.0.tar.gz", bytes: new Uint8Array(9) };
    await rig.upstream.publish("b", [file]);
    await rig.tick("*/5 * * * *");
    await rig.deliverRefreshes();
    expect(rig.upstream.requests).toHaveLength(2);
    rig.restart();
    rig.forget();
    rig.wait(9 * MINUTE);
    expect((await rig.page("a")).headers.get("Cache-Status")).toContain("hit");
    expect((await rig.page("b")).json?.files).toMatchObject([{ filename: file.filename }]);
    expect(rig.upstream.requests).toEqual([]);
  });

  test("queues none that the upstream's change log confirms", async () => {
    const rig = await asked(["a", "b"]);
    const run = (state: Partial<ChangeLogState>, behindNow = 0) => {
      const log = { state: () => Promise.resolve({ serial: 1, since: 0, polledAt: rig.now, ...state }) };
      const changes = { log, behind: { count: () => Promise.resolve(behindNow) } };
      const sources = new Map(
        [...rig.services.sources].map(([key, it]) => [key, { ...it, changes } as unknown as MirroredSource]),
      );
      const ctx = contextOf(rig.now, createExecutionContext(), rig.services.counters, logAs("text"));
      return runJob("refresh", { ...rig.services, sources }, ctx, { dryRun: false, byHand: false });
    };
    expect(await run({})).toEqual([{ kind: "popular-due", source: "pypi", popular: 2, due: 0 }]);
    expect(await run({ polledAt: rig.now - 4 * MINUTE })).toEqual([
      { kind: "popular-due", source: "pypi", popular: 2, due: 2 },
    ]);
    rig.wait(10 * MINUTE);
    expect(await run({}, 2_000)).toEqual([{ kind: "popular-due", source: "pypi", popular: 2, due: 2 }]);
  });

  test("queues the seed before a client has asked for it", async () => {
    const rig = new Rig({ SEED: ["Pip", "wheel"] });
    expect(await did(rig, "refresh")).toEqual(["pypi: 2 popular projects, 2 due, queued."]);
    expect(rig.refreshes.messages[0]?.projects).toEqual(["pip", "wheel"]);
    expect(await did(rig, "refresh")).toEqual(["pypi: 2 popular projects, none due."]);
  });

  test("asks a source for names that may come from it alone, the seed as well", async () => {
    const team = { url: "https://files.upstream.test/team/", projects: ["team-*"] };
    const rig = new Rig({
      UPSTREAMS: { team, pypi: { url: FakeUpstream.INDEX } },
      INDEXES: { default: { sources: ["team", "pypi"] } },
      SEED: ["pip", "team-core"],
    });
    expect(await did(rig, "refresh")).toEqual([
      "team: 1 popular project, 1 due, queued.",
      "pypi: 1 popular project, 1 due, queued.",
    ]);
    expect(rig.refreshes.messages).toEqual([
      { source: encodeURIComponent(team.url), projects: ["team-core"], cause: "popular" },
      { source: SOURCE, projects: ["pip"], cause: "popular" },
    ]);
  });

  test("does nothing where nothing is to be popular", async () => {
    const rig = await asked(["a"], { POPULAR: 0, SEED: ["pip"] });
    expect(await did(rig, "refresh")).toEqual([
      "pypi: POPULAR is 0, so that nothing is counted, and no page is queued.",
    ]);
    // The audit log has who started the job.
    expect([rig.refreshes.messages, rig.counts]).toEqual([[], { "d1.prepare": 1 }]);
  });

  test("reports what it would do in a dry run, and does nothing", async () => {
    const rig = await asked(["a"]);
    expect(await did(rig, "refresh?dry-run=true")).toEqual(["pypi: 1 popular project, 1 due."]);
    expect(rig.refreshes.messages).toEqual([]);
    expect(await did(rig, "refresh")).toEqual(["pypi: 1 popular project, 1 due, queued."]);
  });

  test("queues them the next time where the queue is away", async () => {
    const rig = await asked(["a"]);
    rig.refreshes.down = true;
    await rig.tick("*/5 * * * *");
    rig.refreshes.down = false;
    await rig.tick("*/5 * * * *");
    expect(rig.refreshes.messages).toHaveLength(1);
  });

  test("queues them once more where it could not be noted", async () => {
    let isBroken = true;
    const prepare = (sql: string) => {
      if (isBroken && sql.startsWith("INSERT")) throw new Error("D1 is away");
      return env.DB.prepare(sql);
    };
    const rig = new Rig({ SEED: ["pip"] }, { database: { prepare } as D1Database });
    await rig.tick("*/5 * * * *");
    isBroken = false;
    await rig.tick("*/5 * * * *");
    await rig.tick("*/5 * * * *");
    expect(rig.refreshes.messages.map(({ projects }) => projects)).toEqual([["pip"], ["pip"]]);
  });

  test("a project that no client has asked for in six weeks is deleted by the hourly job, and not refreshed", async () => {
    const rig = await asked(["a"]);
    // It was asked for twice.
    rig.wait(50 * 24 * 60 * MINUTE);
    expect(await did(rig, "refresh")).toEqual(["pypi: 0 popular projects, none due."]);
    expect(await did(rig, "forget?dry-run=true")).toEqual([
      "pypi: the counts of projects and kinds of files that no client has asked for in six weeks would be deleted.",
    ]);
    expect(await did(rig, "forget")).toEqual([
      "pypi: the counts of 1 project and 0 kinds of files were deleted: no client has asked for them in six weeks.",
    ]);
    const again = await asked(["b"]);
    again.wait(50 * 24 * 60 * MINUTE);
    await again.tick("0 * * * *");
    expect((await env.DB.prepare("SELECT project FROM popularity").all()).results).toEqual([]);
  });
});

describe("a page that the upstream's change log confirms", () => {
  const NOW = Date.parse("2026-11-22T12:00:00Z");
  const [ago, TTL] = [(minutes: number) => NOW - minutes * MINUTE, 10 * MINUTE];
  const name: ProjectName = parseProjectName("demo");
  const due = (stored: number | undefined, planned: number | undefined, followed = true) =>
    isDue({ name, storedAt: stored, plannedAt: planned }, followed ? ago(60) : undefined, TTL, NOW);

  test("is not due, whether it was stored or checked since the log is followed", () => {
    expect([due(ago(50), undefined), due(ago(300), ago(50)), due(ago(50), ago(300))]).toEqual([false, false, false]);
  });

  test("is due where it is older, or not stored", () => {
    expect([due(ago(61), undefined), due(ago(300), ago(61)), due(undefined, ago(50))]).toEqual([true, true, true]);
  });

  test("is due by PAGE_TTL where the log is no longer followed", () => {
    expect([due(ago(50), ago(50), false), due(ago(50), ago(5), false), due(ago(5), undefined, false)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
