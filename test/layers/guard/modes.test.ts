import { describe, expect, test } from "vitest";
import { DAY } from "../../../worker/duration.ts";
import type { OsvRecord } from "../../../worker/policy/osv/record.ts";
import type { Mode, RuleName } from "../../../worker/policy/policy.ts";
import { DEMO, file, NOW, OLD, withPolicy } from "../../support/guarded.ts";
import { filesOn } from "../../support/hosted.ts";
import { demoRecord, storeAdvisories } from "../../support/osv.ts";
import { filePath, type Rig } from "../../support/rig.ts";

/* Each rule in each mode, of a whole worker: what is listed, marked, served and counted, and what `why` says. */

interface Ruled {
  readonly policy: (mode: Mode) => Record<string, unknown>;
  /** The version that the rule applies to; 2.0 where it is left out. */
  readonly version?: string;
  /** What the entry of that version has, and its project's page. */
  readonly entry?: Record<string, unknown>;
  readonly page?: Record<string, unknown>;
  readonly records?: readonly OsvRecord[];
  /** Whether the rule applies to the other version too. */
  readonly isOfAll?: boolean;
}

const severity = { database_specific: { severity: "HIGH" } };
const young = { "upload-time": new Date(NOW - DAY).toISOString() };

const RULES: Readonly<Record<RuleName, Ruled>> = {
  malware: { policy: (mode) => ({ malware: mode }), records: [demoRecord("MAL-1", {}, "2.0")] },
  vulnerable: {
    policy: (mode) => ({ vulnerable: { severity: "high", mode } }),
    records: [demoRecord("GHSA-1", severity, "2.0")],
  },
  deny: { policy: (mode) => ({ deny: ["demo>=2"], modes: { deny: mode } }) },
  before: { policy: (mode) => ({ before: "2026-11-01", modes: { before: mode } }), entry: young },
  "min-age": { policy: (mode) => ({ min_age: "3d", modes: { min_age: mode } }), entry: young },
  prerelease: { policy: (mode) => ({ prerelease: mode }), version: "2.0rc1" },
  yanked: { policy: (mode) => ({ yanked: mode }), entry: { yanked: "It is broken." } },
  status: {
    policy: (mode) => ({ status: ["archived"], modes: { status: mode } }),
    page: { "project-status": { status: "archived" } },
    isOfAll: true,
  },
  provenance: {
    policy: (mode) => ({ provenance: { require: ["demo"] }, modes: { provenance: mode } }),
    isOfAll: true,
  },
};

/** What a sentence says of the file. */
const SAYS = {
  off: /^$/,
  audit: / would be (?:refused|held)(?:: | until )/,
  warn: / should not be used(?:: | until )/,
  enforce: / is (?:refused|held)(?:: | until )/,
} as const;

const MODES = ["off", "audit", "warn", "enforce"] as const;

async function furnish(rig: Rig, { version = "2.0", entry, page, records = [] }: Ruled) {
  const other = file(version, NOW - 30 * DAY, entry);
  await rig.upstream.publish("demo", [OLD, other], { ...DEMO, ...page });
  await storeAdvisories(rig, records);
  return other;
}

async function counted(rig: Rig): Promise<Record<string, number>> {
  const lines = (await rig.get("/-/metrics")).text().matchAll(/^pypi_edge_policy_verdicts_total\{(.*)\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, labels, count]) => [labels, Number(count)]));
}

interface Why {
  readonly files: readonly {
    readonly verdict: string;
    readonly rules: readonly { readonly rule: string; readonly mode: string; readonly sentence: string }[];
  }[];
}

describe.each(Object.entries(RULES) as [RuleName, Ruled][])("%s", (rule, ruled) => {
  test.each(MODES)("in the mode %s", async (mode) => {
    const rig = withPolicy(ruled.policy(mode), { METRICS: "open" });
    const other = await furnish(rig, ruled);
    const all = [OLD.filename, other.filename];
    const applies = ruled.isOfAll ? all : [other.filename];

    const page = await rig.page("demo");
    const left = mode === "enforce" ? all.filter((each) => !applies.includes(each)) : all;
    expect(filesOn(page) ?? []).toEqual(left);

    const why = JSON.parse((await rig.get("/-/why/demo")).text()) as Why;
    const verdict = { off: "admitted", audit: "admitted", warn: "marked", enforce: "refused" }[mode];
    expect(why.files.map(({ verdict: each }) => each)).toEqual(
      all.map((each) => (applies.includes(each) ? verdict : "admitted")),
    );
    const said = why.files.at(-1)?.rules ?? [];
    expect(said.map((each) => [each.rule, each.mode])).toEqual(mode === "off" ? [] : [[rule, mode]]);
    expect(said.map(({ sentence }) => SAYS[mode].test(sentence))).toEqual(said.map(() => true));
    const own = other.entry?.["yanked"] ?? false;
    const mark = mode === "warn" && own === false ? said[0]?.sentence : own;
    const marks = page.json?.files.filter(({ filename }) => filename === other.filename).map(({ yanked }) => yanked);
    expect(marks ?? []).toEqual(mode === "enforce" ? [] : [mark]);

    // Not stored, stored, and in an isolate that has read nothing yet.
    for (let turn = 1; turn <= 3; turn++) {
      expect((await rig.get(filePath(other.filename))).status).toBe(mode === "enforce" ? 403 : 200);
      expect(await counted(rig)).toEqual(mode === "off" ? {} : { [`mode="${mode}",rule="${rule}"`]: turn });
      rig.restart();
    }
  });
});

test.each(["audit", "warn", "enforce"] as const)(
  "%s by what a page says, of a stored file whose page cannot be read: only what would be refused is not given",
  async (mode) => {
    const rig = withPolicy(RULES.status.policy(mode), { METRICS: "open" });
    await rig.upstream.publish("demo", [OLD], DEMO);
    const path = filePath(OLD.filename);
    expect((await rig.get(path)).status).toBe(200);
    await forgetPages();
    rig.upstream.down = true;
    rig.restart();
    expect((await rig.get(path)).status).toBe(mode === "enforce" ? 503 : 200);
  },
);

async function forgetPages(): Promise<void> {
  const { env } = await import("cloudflare:workers");
  for (const { name } of (await env.PAGES.list()).keys) await env.PAGES.delete(name);
}
