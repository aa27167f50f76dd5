import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { DAY, HOUR } from "../../worker/duration.ts";
import type { Reading } from "../../worker/repository/ports/history.ts";
import { bucketsOf, increase, valueOf } from "../../worker/ui/operate/buckets.ts";
import { plotsOf } from "../../worker/ui/operate/plots.ts";
import { DATABASE_AWAY } from "../support/away.ts";
import { file } from "../support/guarded.ts";
import { teamOf } from "../support/hosted.ts";
import { ADMIN_TOKEN, filePath, Rig } from "../support/rig.ts";
import { bearer, contextIn, give } from "../support/tokens.ts";

const WHEEL = { filename: "demo-1.0-py3-none-any.whl", bytes: new Uint8Array(60_000).fill(3) };
const ADMIN = bearer(ADMIN_TOKEN);

const record = (rig: Rig) => rig.post("jobs/figures");

/** The page's text, without its markup. */
const shown = async (rig: Rig, path = "/-/") => (await rig.get(path, ADMIN)).text();

/** The headline of a plot. */
const headline = (page: string, id: string) =>
  new RegExp(`id="${id}"[^]*?class="lead">([^<]*)<`).exec(page)?.[1]?.replaceAll("&#39;", "'");

/** The paragraphs of what is saved. */
const saved = (page: string) =>
  [...(/<section[^>]*id="saved-in-all"[^]*?<\/section>/.exec(page)?.[0] ?? "").matchAll(/<p>(.*?)<\/p>/gs)].map(
    ([, text]) => (text ?? "").replaceAll(/<[^>]*>/g, "").trim(),
  );

/** Of each index, its heading in the list of what is held, and the note below. */
const held = (page: string) =>
  [...page.matchAll(/<h3 id="held-[^>]*>(.*?)<\/h3>[^]*?<p class="soft small">(.*?)(?: All of them.*?)?<\/p>/g)].map(
    ([, heading, note]) => [heading, note],
  );

describe("the dashboard", () => {
  test("is 503 while the database is away", async () => {
    const rig = new Rig({}, { database: DATABASE_AWAY });
    const { status, text } = await rig.get("/-/", ADMIN);
    expect([status, text()]).toEqual([503, expect.stringContaining("The database with the figures cannot be read")]);
  });

  test("shows what a scenario moves: hits, bytes, upstream requests, storage, errors with their sentences", async () => {
    const rig = new Rig({ QUOTA: 1 });
    await record(rig);
    await rig.upstream.publish("demo", [WHEEL]);
    for (let time = 0; time < 4; time++) {
      await rig.page("demo");
      (await rig.get(filePath(WHEEL.filename))).text();
    }
    rig.upstream.down = true;
    await rig.get("/simple/other/");
    contextIn(rig).report({ event: "feed-failed", what: "pypi", reason: "It answered <502>." });
    rig.now += HOUR;
    await rig.page("demo");
    const page = await shown(rig);
    expect(headline(page, "ratio")).toMatch(/^\d\d(?:\.\d)? % of requests, 75 % of bytes$/);
    expect(headline(page, "saved")).toBe("180.0 kB saved, 60.0 kB from upstreams");
    expect(headline(page, "layers")).toMatch(/^\d+ requests$/);
    expect(headline(page, "upstream")).toMatch(/^\d+ requests, 2 failed; .* mean latency$/);
    expect(headline(page, "storage")).toBe("60.0 kB mirrored of 1.0 GB, 0 B hosted");
    expect(headline(page, "dead")).toBe("0 now");
    expect(page).toMatch(/<th scope="row">feed-failed<\/th>[^]*?It answered &lt;502&gt;\./);
    expect(page).toMatch(/<li>demo<\/li>/);
  });

  test("shows what was counted before there is a reading, and what it does not know as not known", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [WHEEL]);
    for (let time = 0; time < 4; time++) (await rig.get(filePath(WHEEL.filename))).text();
    const fresh = await shown(rig);
    expect(saved(fresh)).toEqual([
      expect.stringMatching(/^24 hours: not known yet, since no reading of the counters has been kept/),
      "Since the counters began: 3 of 4 requests and 180.0 kB of files came from what is stored here, not from an upstream.",
    ]);
    expect([headline(fresh, "saved"), headline(fresh, "layers")]).toEqual([
      "180.0 kB saved, 60.0 kB from upstreams",
      "4 requests",
    ]);
    expect(fresh.match(/There is nothing to plot yet/g)).toHaveLength(8);
    expect(fresh).not.toMatch(/<svg viewBox="0 0 640|Cloudflare|data centre/);

    rig.now = NOW;
    await record(rig);
    (await rig.get(filePath(WHEEL.filename))).text();
    rig.now += HOUR;
    const page = await shown(rig, "/-/?span=today");
    expect(saved(page)[0]).toBe(
      "Today: 1 of 1 request and 60.0 kB of files came from what is stored here, not from an upstream. The first reading is of 2026-11-22 12:30; what was before it is not in this.",
    );
    expect(headline(page, "dead")).toBe("0 now");
    // Dead letters and the like are 0 at each hour.
    expect([
      page.includes("Requests by the layer that answered as a table"),
      page.includes("Dead letters as a table"),
    ]).toEqual([true, false]);
  });

  test("says how many requests a ceiling refused, where there were any", async () => {
    const rig = new Rig({}, { newFromNetwork: { limit: () => Promise.resolve({ success: false }) } });
    await rig.get("/simple/demo/", { "CF-Connecting-IP": "8.8.8.8" });
    expect(saved(await shown(rig))[2]).toBe(
      "Refused: 1 request without a token for what is not stored: 1 by the ceiling of a network, 0 by that of the day. What is stored was served.",
    );
    rig.now = NOW;
    await record(rig);
    rig.now += HOUR;
    expect(saved(await shown(rig))).toHaveLength(2);
    await rig.get("/simple/demo/", { "CF-Connecting-IP": "8.8.8.8" });
    expect(saved(await shown(rig))[2]).toMatch(/^Refused, 24 hours: 1 request without a token/);
  });

  test("counts what a policy decides, and dead letters, and pages behind", async () => {
    const rig = new Rig({ INDEXES: { default: { sources: ["pypi"], policy: { deny: ["demo"] } } } });
    await record(rig);
    await rig.upstream.publish("demo", [WHEEL]);
    expect((await rig.get(filePath(WHEEL.filename))).status).toBe(403);
    await env.DB.prepare(
      "INSERT INTO dead_letter (id, queue, body, died_at) VALUES ('a', 'pypi-edge-fills', '{}', 1)",
    ).run();
    rig.now += HOUR;
    const page = await shown(rig);
    expect([headline(page, "guard"), headline(page, "dead")]).toEqual(["1 refused, 0 marked, 0 audited", "1 now"]);
  });

  test("lists what policies hold of what clients asked for, and is shown all the same where that fails", async () => {
    const policy = { min_age: "3d" };
    const rig = new Rig({ INDEXES: { default: { sources: ["pypi"], policy }, open: { sources: ["pypi"] } } });
    await rig.upstream.publish("demo", [file("1.0", NOW - 9 * DAY), file("2.0", rig.now - HOUR)]);
    expect(held(await shown(rig))).toEqual([
      ["default: 0 files", "Of 0 projects that clients asked for within 7 days."],
    ]);
    await rig.page("demo");
    rig.services.flush(contextIn(rig));
    rig.wait(301_000);
    await rig.page("demo");
    const page = await shown(rig);
    expect(held(page)).toEqual([["default: 1 file", "Of 1 project that clients asked for within 7 days."]]);
    expect(page).toMatch(/href="\.\.\/-\/why\/demo">demo<\/a> 2\.0 <\/th><td class="num">1<\/td>[^]*2026-11-25 11:00/);
    vi.spyOn(rig.services.askedFor, "since").mockRejectedValue(new Error("away"));
    expect(held(await shown(rig))).toEqual([["default: not known now", "A store or a source did not answer."]]);
  });

  test("is for those who administer every index, and is kept by no cache", async () => {
    const rig = new Rig(teamOf({}));
    const team = bearer((await give(rig, { scopes: ["admin"] })).text);
    const statuses = await Promise.all([
      rig.get("/-/"),
      rig.get("/-/", team),
      rig.get("/-", ADMIN),
      rig.get("/-/?span=1y", ADMIN),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([401, 403, 302, 400]);
    const { status, headers, text } = await rig.get("/-/?span=90d", ADMIN);
    expect([status, headers.get("Cache-Control"), text()]).toEqual([
      200,
      "no-store",
      expect.stringContaining("no reading of the counters has been kept"),
    ]);
    expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(text()).not.toMatch(/ style=/);
  });

  test("is a reading an hour for 90 days: an hourly run costs a handful of queries", async () => {
    const rig = new Rig();
    rig.forget();
    await record(rig);
    // One of them is the audit entry of a person who starts it.
    expect(rig.counts).toEqual({ "d1.prepare": 7, "d1.batch": 2 });
    rig.now += 92 * 24 * HOUR;
    await record(rig);
    const { results } = await env.DB.prepare("SELECT at FROM figures").all();
    expect(results).toEqual([{ at: rig.now }]);
  });
});

const NOW = Date.parse("2026-11-22T12:30:00Z");
const reading = (hoursAgo: number, figures: Reading["figures"]): Reading => ({ at: NOW - hoursAgo * HOUR, figures });

describe("a bucket", () => {
  test("has what a sum rose by between readings; an hour without a reading is the next one's", () => {
    const buckets = bucketsOf(
      [reading(4, { hits: 10 }), reading(3, { hits: 15 }), reading(1, { hits: 18 }), reading(0, { hits: 20 })],
      "24h",
      NOW,
    );
    expect(buckets).toHaveLength(24);
    expect(buckets.slice(-5).map((bucket) => increase(bucket, "hits"))).toEqual([null, 5, 0, 3, 2]);
    expect(buckets.at(-1)).toMatchObject({ from: Date.parse("2026-11-22T12:00:00Z"), until: NOW });
  });

  test("of today begins at midnight in UTC, with the reading that was kept just after it; hours to come have nothing", () => {
    const midnight = Date.parse("2026-11-22T00:00:00Z");
    const at = (time: number, hits: number): Reading => ({ at: time, figures: { hits } });
    const buckets = bucketsOf(
      [
        at(midnight - HOUR, 10),
        at(midnight + 4_000, 15),
        at(midnight + HOUR + 20, 18),
        at(midnight + HOUR + 90_000, 20),
      ],
      "today",
      midnight + HOUR + 90_000,
    );
    expect(buckets.map(({ from }) => from)).toEqual(Array.from({ length: 24 }, (_, hour) => midnight + hour * HOUR));
    expect(buckets.slice(0, 4).map((bucket) => increase(bucket, "hits"))).toEqual([3, 2, null, null]);
    expect(buckets.slice(1, 3).map((bucket) => valueOf(bucket, "hits"))).toEqual([20, null]);
  });

  test("has what rose since the first reading, where that is within it", () => {
    const buckets = bucketsOf([reading(2, { hits: 4 }), reading(1, { hits: 6 }), reading(0, { hits: 9 })], "90d", NOW);
    expect(buckets.slice(-2).map((bucket) => increase(bucket, "hits"))).toEqual([null, 5]);
  });

  test("counts a sum that is lower than before as new, since a database was restored", () => {
    const buckets = bucketsOf(
      [reading(2, { hits: 100 }), reading(1, { hits: 7 }), reading(0, { hits: 9, stored: 3 })],
      "24h",
      NOW,
    );
    expect(buckets.slice(-2).map((bucket) => increase(bucket, "hits"))).toEqual([7, 2]);
    expect(buckets.slice(-2).map((bucket) => valueOf(bucket, "stored"))).toEqual([null, 3]);
  });

  test.each(["today", "24h", "7d", "90d"] as const)("of %s is drawn without a number that is none", (span) => {
    const plots = plotsOf(bucketsOf([reading(0, {})], span, NOW), { quota: 0, hasSharedCache: true });
    expect(plots).toHaveLength(8);
    expect(
      plots.flatMap(({ headline: text, series }) => [text, ...series.map(({ label }) => label)]).join(),
    ).not.toMatch(/NaN|undefined|Infinity/);
  });
});
