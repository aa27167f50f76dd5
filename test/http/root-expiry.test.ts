import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { parseConfig } from "../../schema/config.ts";
import { cloudflare } from "../../worker/cloudflare/platform.ts";
import { DAY, SECOND } from "../../worker/duration.ts";
import { createWorker } from "../../worker/worker.ts";
import { NOW } from "../support/guarded.ts";
import { READER } from "../support/hosted.ts";
import { Rig, VARS } from "../support/rig.ts";
import { TestSigstore } from "../support/sigstore/sigstore.ts";

let sigstore: TestSigstore;
beforeAll(async () => {
  sigstore = await TestSigstore.make();
});

const RULE = { provenance: "regressed" };

/** What is configured where the trusted root ends so long after now. Milliseconds; undefined: never. */
function varsOf(left: number | undefined, policy: object | null) {
  const takenAt = "2026-01-01T00:00:00Z";
  const { root } = sigstore;
  const dated = left === undefined ? root : { root, takenAt, expiresAt: new Date(NOW + left).toISOString() };
  return {
    INDEXES: { default: { sources: ["pypi"], ...(policy && { policy }) } },
    TRUSTED_ROOT: JSON.stringify(dated),
  };
}

const ending = (left: number | undefined, policy: object | null = RULE) => new Rig(varsOf(left, policy));

const health = async (rig: Rig) => JSON.parse((await rig.get("/-/health")).text()) as Record<string, unknown>;

async function metric(rig: Rig): Promise<string | undefined> {
  const { text } = await rig.get("/-/metrics", READER);
  return /^pypi_edge_trusted_root_expires_timestamp_seconds (.*)$/m.exec(text())?.[1];
}

const SOON =
  "The trusted root verifies until 2026-12-22, for 30 days more: renew it before then, with pypi-edge trusted-root update, or in TRUSTED_ROOT where that has it.";

test("a root that ends within a month is a notice, which is no fault; one that has ended is a fault", async () => {
  expect(await health(ending(30 * DAY + 1))).toEqual({ status: "ok" });
  expect(await health(ending(30 * DAY))).toEqual({ status: "ok", notice: SOON });
  expect((await health(ending(1)))["notice"]).toContain("for 1 day more");
  expect(await health(ending(0))).toEqual({
    status: "degraded",
    provenance: "The trusted root has expired on 2026-11-22: no provenance is verified until it is renewed.",
  });
  expect(await health(ending(undefined))).toEqual({ status: "ok" });
});

test("it stands beside what is to be known of advisories", async () => {
  const { notice } = await health(ending(30 * DAY, { ...RULE, malware: "enforce" }));
  expect(notice).toMatch(/^No advisories are loaded: .+ The trusted root verifies until 2026-12-22/);
});

test("the metric says when it ends", async () => {
  expect(await metric(ending(300 * DAY))).toBe(`${(NOW + 300 * DAY) / SECOND}`);
  expect(await metric(ending(undefined))).toBeUndefined();
});

test("without a rule that asks for provenance nothing is said", async () => {
  const rig = ending(0, null);
  expect([await health(rig), await metric(rig)]).toEqual([{ status: "ok" }, undefined]);
});

test("the dashboard says it, as a note and not as an alarm, and so does the start of a server", async () => {
  const rig = ending(30 * DAY);
  expect((await rig.get("/-/", READER)).text()).toContain(`<p class="card note">${SOON}</p>`);
  const worker = createWorker(parseConfig({ ...VARS, ...varsOf(30 * DAY, RULE) }), {
    ...cloudflare(env),
    now: () => NOW,
  });
  expect(await worker.notice()).toBe(SOON);
  expect((await ending(0).get("/-/", READER)).text()).toContain(
    "until it is renewed. What was verified before stays so; what is new is held.",
  );
});
