import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { Random } from "../fuzz/random.ts";
import { at, call } from "../support/releases.ts";
import { check, ORDER, RULES, type Known } from "../support/kept-rules.ts";
import { audited, DAY, keepingTeam, release, restore, run, shown } from "../support/kept.ts";

/** A history takes a second. Thousands of states without a database: test/publishing/prunable.test.ts. */
const SEEDS = [1];

test("what goes in random histories of uploads, downloads, yanks, deletions and time was old, unused, and never the newest", async () => {
  const counts = { gone: 0, kept: 0 };
  for (const seed of SEEDS) await history(new Random(seed), counts);
  // Otherwise the test could not fail.
  expect(counts.gone).toBeGreaterThan(3);
  expect(counts.kept).toBeGreaterThan(10);
});

async function history(random: Random, counts: { gone: number; kept: number }): Promise<void> {
  const rig = keepingTeam(RULES);
  const there = new Map<string, Known>();
  const trashed = new Map<string, Known>();
  const free = new Set(ORDER);
  let since: number | undefined;
  let audits = (await audited("prune")).length;
  await env.DB.batch(
    ["hosted_file", "hosted_project", "hosted_use", "job"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
  );
  rig.restart();

  const acts: Readonly<Record<string, () => Promise<unknown>>> = {
    async upload() {
      if (free.size === 0) return;
      const version = random.pick([...free]);
      free.delete(version);
      const path = await release(rig, version);
      there.set(version, { path, uploadedAt: rig.now, usedAt: rig.now, yanked: false, promoted: false });
    },
    async download() {
      if (there.size === 0) return;
      const known = random.pick([...there.values()]);
      known.usedAt = rig.now;
      expect((await rig.get(known.path)).status).toBe(200);
    },
    async yank() {
      if (there.size === 0) return;
      const [version, known] = random.pick([...there]);
      known.yanked = !known.yanked;
      await call(rig, "POST", at("team", "demo", version, known.yanked ? "yank" : "unyank"));
    },
    async remove() {
      if (there.size === 0 || !random.oneIn(3)) return;
      const [version, known] = random.pick([...there]);
      await call(rig, "DELETE", at("team", "demo", version));
      there.delete(version);
      trashed.set(version, known);
    },
    async promote() {
      if (there.size === 0 || !random.oneIn(4)) return;
      const [version, known] = random.pick([...there]);
      known.promoted = (await call(rig, "POST", at("team", "demo", version, "promote"), { to: "prod" })).status === 200;
    },
    async restore() {
      if (trashed.size === 0) return;
      const [version, known] = random.pick([...trashed]);
      expect((await restore(rig, version)).status).toBe(200);
      known.usedAt = rig.now;
      trashed.delete(version);
      there.set(version, known);
    },
    restart: async () => rig.restart(),
  };
  const names = Object.keys(acts);
  for (let step = 0; step < 30; step++) {
    for (let act = random.below(3); act >= 0; act--)
      await acts[step < 14 && act === 0 ? "upload" : random.pick(names)]?.();
    rig.wait(random.oneIn(30) ? 2 * DAY : DAY - random.below(DAY / 2));
    const noted = await env.DB.prepare("SELECT ran_at FROM job WHERE name = 'uses-until:team'").first<{
      ran_at: number;
    }>();
    if (!noted || rig.now - noted.ran_at > DAY) since = rig.now;
    await run(rig, "prune");
    const gone = (await audited("prune")).slice(audits).map(({ subject }) => subject);
    audits += gone.length;
    check(there, gone, since ?? rig.now, rig.now);
    for (const version of gone) trashed.set(version, there.get(version) as Known);
    for (const version of gone) there.delete(version);
    expect((await shown(rig))?.toSorted() ?? []).toEqual([...there.keys()].toSorted());
    counts.gone += gone.length;
    counts.kept += there.size;
  }
}
