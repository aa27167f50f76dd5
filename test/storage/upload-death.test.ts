import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Limits } from "../../worker/compose/services.ts";
import { Dying } from "../support/dying.ts";
import { isWhole, rows, stored, teamRig, upload, wheelOf, type Upload } from "../support/upload.ts";

interface Scenario {
  readonly to: string;
  /** What is there before. */
  readonly old?: Upload;
  readonly file: Upload;
  readonly limits?: Limits;
}

const SCENARIOS: Record<string, () => Promise<Scenario>> = {
  "of a new file": async () => ({ to: "/team/legacy/", file: await wheelOf() }),
  "of a new file of a project that is there": async () => ({
    to: "/team/legacy/",
    old: await wheelOf("demo", "0.9"),
    file: await wheelOf(),
  }),
  "of a file that is staged in the store": async () => ({
    to: "/team/legacy/",
    file: await wheelOf("demo", "1.0", "", 200_000),
    limits: { inMemory: 100_000, finishAlone: 0, maxPut: Infinity },
  }),
  "of other bytes for a name": async () => ({
    to: "/scratch/legacy/",
    old: await wheelOf(),
    file: await wheelOf("demo", "1.0", "changed = True"),
  }),
};

test.each(Object.entries(SCENARIOS))(
  "an isolate that ends before any operation of an upload %s leaves the old state or the new one, and then it succeeds",
  async (_name, scenario) => {
    const { left, again } = await dieAtEach(scenario, false);
    expect(left.length).toBeGreaterThan(4);
    expect([[...new Set(left)], [...new Set(again)]]).toEqual([["old", "new"], ["new"]]);
  },
);

test.each(Object.entries(SCENARIOS))(
  "an isolate that ends behind any operation of an upload %s, without its answer, does as well",
  async (_name, scenario) => {
    const { left, again } = await dieAtEach(scenario, true);
    expect(left.length).toBeGreaterThan(4);
    expect([[...new Set(left)], [...new Set(again)]]).toEqual([["old", "new"], ["new"]]);
  },
);

test("an isolate that ends while the parts of an upload go to the store leaves nothing that anyone sees", async () => {
  const file = await wheelOf("demo", "1.0", "", 8_500_000);
  // The upload in parts is begun, the first part goes up, the second one does, and the whole is put together.
  for (const left of [0, 1, 2, 3]) {
    const dying = new Dying();
    const rig = teamRig(dying.platform);
    dying.left = left;
    expect((await upload(rig, file)).status).toBe(503);
    expect([await rows(), await stored()]).toEqual([[], []]);
  }
});

/**
 * Uploads again and again, each time with one more operation done, until it gets through; and each time once more, by a whole
 * isolate. Says what state was left, and what state there was then.
 */
async function dieAtEach(scenario: () => Promise<Scenario>, takesEffect: boolean) {
  const { to, old, file, limits } = await scenario();
  const left: string[] = [];
  const again: string[] = [];
  for (let k = 0, isThrough = false; !isThrough; k++) {
    await wipe();
    if (old) await upload(teamRig(), old, { to });
    const before = await state();
    const told = async (statuses: readonly number[], { status }: { readonly status: number }) => {
      const now = await state();
      const isNew = now.whole && now.digests.includes(file.fields["sha256_digest"] ?? "");
      if (isNew && now.revision === before.revision + 1 && now.deeds === before.deeds + 1) return "new";
      return JSON.stringify(now) === JSON.stringify(before) && statuses.includes(status) ? "old" : JSON.stringify(now);
    };
    const dying = new Dying();
    const rig = teamRig(dying.platform, limits);
    dying.left = k;
    dying.takesEffect = takesEffect;
    left.push(await told([503], await upload(rig, file, { to })));
    // There is no operation left to end at.
    isThrough = dying.left >= 0;
    again.push(await told([], await upload(teamRig({}, limits), file, { to })));
  }
  return { left, again };
}

/** All that readers may see, and whether it is what it says. */
async function state() {
  const found = await rows();
  const count = async (sql: string) => (await env.DB.prepare(sql).first<number>("it")) ?? 0;
  return {
    digests: found.map((row) => row.sha256),
    whole: (await Promise.all(found.map(isWhole))).every(Boolean),
    revision: await count("SELECT sum(revision) AS it FROM hosted_project"),
    deeds: await count("SELECT count(*) AS it FROM audit"),
  };
}

async function wipe() {
  await env.DB.batch(["hosted_file", "hosted_project", "audit"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  for (const { key } of (await env.FILES.list()).objects) await env.FILES.delete(key);
}
