import { describe, expect, test } from "vitest";
import type { ForkBody, ShownFork } from "../../schema/fork.ts";
import { MAX_PATCH_BYTES } from "../../schema/fork.ts";
import { at, audit, call, INDEXES } from "../support/releases.ts";
import { uploadInOnePart } from "../support/one-part.ts";
import { Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";
import { wheelOf } from "../support/upload.ts";
import { sha256 } from "../support/upstream.ts";

const DIFF = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
const FORK: ForkBody = {
  base: { version: "1.0", filename: "demo-1.0.tar.gz", sha256: "a".repeat(64) },
  patches: [{ name: "fix.patch", content: btoa(DIFF) }],
  reason: "The upstream has not merged it.",
};

const merging = () => new Rig({ INDEXES: { ...INDEXES, team: { ...INDEXES.team, merge: ["demo", "acme-*"] } } });

/** Uploads a wheel of `demo` as a fork, and returns the last answer. */
async function publish(rig: Rig, version: string, fork: unknown = FORK) {
  return uploadInOnePart(rig, await wheelOf("demo", version), { fork });
}

const forks = async (rig: Rig, index = "team") => (await call(rig, "GET", `indexes/${index}/forks`)).json;

describe("a fork", () => {
  test("is recorded with the file that it comes with, and the audit log names its base and its patches", async () => {
    const rig = merging();
    expect((await publish(rig, "1.0+team.1")).status).toBe(200);
    const digest = await sha256(new TextEncoder().encode(DIFF));
    const shown: ShownFork = {
      project: "demo",
      version: "1.0+team.1",
      base: FORK.base,
      patches: [{ name: "fix.patch", sha256: digest }],
      reason: FORK.reason,
      by: "ADMIN_TOKEN",
      at: new Date(rig.now).toISOString(),
      offered: true,
      advisories: [],
    };
    expect(await forks(rig)).toEqual({ index: "team", merge: ["demo", "acme-*"], forks: [shown] });
    const whole = await call(rig, "GET", "indexes/team/forks/Demo/1.0%2BTeam-1");
    expect(whole.json).toEqual({ ...shown, patches: [{ ...shown.patches[0], content: btoa(DIFF) }] });
    const [entry] = await audit();
    expect(JSON.parse(entry?.details ?? "")).toMatchObject({ base: FORK.base, patches: shown.patches });
  });

  test("that is yanked is not offered, and one that is promoted is recorded in the other index as well", async () => {
    const rig = merging();
    await publish(rig, "1.0+team.1");
    expect((await call(rig, "POST", at("team", "demo", "1.0+team.1", "promote"), { to: "prod" })).status).toBe(200);
    await call(rig, "POST", at("team", "demo", "1.0+team.1", "yank"), {});
    const offered = async (index: string) => (await forks(rig, index))?.["forks"] as ShownFork[];
    expect((await offered("team")).map((fork) => fork.offered)).toEqual([false]);
    expect((await offered("prod")).map((fork) => [fork.version, fork.offered])).toEqual([["1.0+team.1", true]]);
  });

  test("of another version than the base with a local label is refused, and nothing is published", async () => {
    const rig = merging();
    for (const version of ["1.1+team.1", "1.0"]) {
      const { status, text } = await publish(rig, version);
      expect([status, text]).toEqual([
        400,
        expect.stringContaining("but a fork of 1.0 must have that version with a local label"),
      ]);
    }
    expect([await audit(), (await forks(rig))?.["forks"]]).toEqual([[], []]);
  });

  test("that cannot be read is 422, and the upload can still be finished", async () => {
    const rig = merging();
    const wrong: readonly (readonly [unknown, string])[] = [
      [{ ...FORK, patches: [] }, "fork.patches must have at least one"],
      [{ ...FORK, reason: " " }, "fork.reason must be more than spaces"],
      [{ ...FORK, base: { version: "1.0", filename: "demo-1.0.tar.gz" } }, "fork.base.sha256 is missing"],
      [{ ...FORK, base: { ...FORK.base, version: "one" } }, "fork.base.version must be a version (PEP 440)"],
      [{ ...FORK, patches: [{ name: "x", content: "$$$$" }] }, "fork.patches.0.content must be base64"],
      [
        { ...FORK, patches: [{ name: "x", content: "A".repeat(MAX_PATCH_BYTES * 1.4) }] },
        "fork.patches must be at most 512 KiB together",
      ],
      [{ ...FORK, more: 1 }, '"more" is not known here'],
    ];
    for (const [fork, sentence] of wrong) {
      const { status, text } = await publish(rig, "1.0+team.1", fork);
      expect([status, text]).toEqual([422, expect.stringContaining(sentence)]);
    }
    expect((await publish(rig, "1.0+team.1")).status).toBe(200);
  });

  test("is shown to those who may read the index, and asked for in an index that hosts", async () => {
    const rig = merging();
    await publish(rig, "1.0+team.1");
    const reader = bearer((await give(rig, { index: "prod" })).text);
    const statuses = await Promise.all([
      call(rig, "GET", "indexes/team/forks", undefined, {}),
      call(rig, "GET", "indexes/team/forks", undefined, reader),
      call(rig, "GET", "indexes/team/forks/demo/1.0%2Bteam.1", undefined, reader),
      call(rig, "GET", "indexes/default/forks"),
      call(rig, "GET", "indexes/none/forks"),
      call(rig, "GET", "indexes/team/forks/demo/1.0"),
      call(rig, "DELETE", "indexes/team/forks/demo/1.0%2Bteam.1"),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([401, 403, 403, 400, 404, 404, 405]);
  });
});
