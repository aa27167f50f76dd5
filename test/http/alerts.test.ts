import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import PAGE from "../../docs/operations.md?raw";
import { inSeconds } from "../../worker/duration.ts";
import { FollowedRig } from "../support/followed.ts";
import { READER } from "../support/hosted.ts";
import { parseYaml } from "../support/node/yaml.ts";
import { evaluate, samplesOf, type Scrape } from "../support/prometheus.ts";
import type { Rig } from "../support/rig.ts";
import { TestSigstore } from "../support/sigstore/sigstore.ts";
import { FakeUpstream } from "../support/upstream.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly annotations: { readonly summary: string };
}

const [, block = ""] = /^```yaml\n(groups:[^]*?)^```/m.exec(PAGE) ?? [];
const { groups } = parseYaml(block) as unknown as { groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

/** One line of help has each metric's name, also where it has no sample yet. */
async function scraped(rig: Rig): Promise<{ scrape: Scrape; known: readonly string[] }> {
  const text = (await rig.get("/-/metrics", READER)).text();
  const known = [...text.matchAll(/^# HELP (\w+) /gm)].map(([, name = ""]) => name);
  return { scrape: { at: inSeconds(rig.now), samples: samplesOf(text) }, known };
}

/** What has something to say only where a rule asks for it. */
const SOMETIMES = ["pypi_edge_advisories_failing", "pypi_edge_trusted_root_expires_timestamp_seconds"];

/** The alerts that fire at the end of ten minutes in which something happens. */
async function firing(happens: (rig: FollowedRig) => Promise<unknown>, vars = {}): Promise<string[]> {
  const rig = new FollowedRig({}, { SCRUB: 12, ...vars });
  await rig.change("demo");
  for (const cron of ["* * * * *", "*/5 * * * *", "0 * * * *"]) await rig.tick(cron);
  await rig.get("/simple/demo/");
  rig.upstream.on(`${FakeUpstream.INDEX}broken/`, () => new Response("no", { status: 403 }));
  await rig.get("/simple/broken/");
  const scrapes = [await scraped(rig)];
  await happens(rig);
  scrapes.push(await scraped(rig));
  const known = new Set([...scrapes.flatMap((each) => each.known), ...SOMETIMES]);
  const history = scrapes.map(({ scrape }) => scrape);
  return rules.flatMap(({ alert, expr }) => {
    const value = evaluate(expr, history, known);
    return Array.isArray(value) && value.length > 0 ? [alert] : [];
  });
}

/** What a healthy server does in ten minutes. */
async function healthy(rig: FollowedRig): Promise<void> {
  for (let minute = 0; minute < 10; minute++) {
    await rig.minute();
    for (let project = 0; project < 3; project++) await rig.get(`/simple/new-${minute}-${project}/`);
  }
  await rig.get("/simple/broken/");
}

describe("the alerts of docs/operations.md", () => {
  test("are three, each with a name, a time and a sentence", () => {
    expect(rules.map(({ alert }) => alert)).toEqual([
      "PypiEdgeUpstreamFails",
      "PypiEdgeFallsBehind",
      "PypiEdgeNeedsHands",
    ]);
    for (const { for: time, annotations } of rules) {
      expect([time, annotations.summary]).toEqual([
        expect.stringMatching(/^\d+m$/),
        expect.stringMatching(/^[A-Z].*\.$/),
      ]);
    }
  });

  test("are silent while all is well, one failure or not", async () => {
    expect(await firing(healthy)).toEqual([]);
  });

  test("say that the upstream fails, and that its change log is not read", async () => {
    const fired = await firing(async (rig) => {
      rig.upstream.down = true;
      for (let minute = 0; minute < 10; minute++) {
        await rig.minute();
        await rig.get(`/simple/new-${minute}/`);
      }
    });
    expect(fired).toEqual(["PypiEdgeUpstreamFails", "PypiEdgeFallsBehind"]);
  });

  test.each([
    [
      "PypiEdgeNeedsHands",
      "messages were given up",
      "INSERT INTO dead_letter (id, queue, body, died_at) VALUES ('a', 'x-fills', '{}', 1)",
    ],
    ["PypiEdgeFallsBehind", "a cron does not run", "UPDATE job SET ran_at = 1 WHERE name LIKE '%*/5 *%'"],
  ])("%s where %s", async (alert, _, statement) => {
    const fired = await firing(async (rig) => {
      await healthy(rig);
      const { meta } = await env.DB.prepare(statement).run();
      expect(meta.changes).toBe(1);
    });
    expect(fired).toEqual([alert]);
  });

  test("PypiEdgeNeedsHands where the trusted root that rules go by ends within two weeks, and not before", async () => {
    const { root } = await TestSigstore.make();
    const endingOn = (expiresAt: string) =>
      firing(healthy, {
        INDEXES: { default: { sources: ["pypi"], policy: { provenance: "regressed" } } },
        TRUSTED_ROOT: JSON.stringify({ root, takenAt: "2026-01-01T00:00:00Z", expiresAt }),
      });
    expect(await endingOn("2026-12-06T12:00:00Z")).toEqual(["PypiEdgeNeedsHands"]);
    expect(await endingOn("2026-12-07T12:00:00Z")).toEqual([]);
  });
});
