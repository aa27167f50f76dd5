import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { DAY, HOUR } from "../../worker/duration.ts";
import { FollowedRig } from "../support/followed.ts";
import { file, NOW, OLD } from "../support/guarded.ts";
import { host, READER, teamOf } from "../support/hosted.ts";
import { mirrored, spoil, verified, wheel } from "../support/mirrored.ts";
import { storeAdvisories } from "../support/osv.ts";
import { samplesOf } from "../support/prometheus.ts";
import { at, call } from "../support/releases.ts";
import { filePath, onCloudflare, type Rig } from "../support/rig.ts";
import { keyOf } from "../support/swept.ts";
import { FakeUpstream } from "../support/upstream.ts";

const POLICY = { min_age: "3d", deny: ["denied"], prerelease: "warn", modes: { deny: "audit" } };
const VARS = {
  ...teamOf({}),
  INDEXES: { ...teamOf({}).INDEXES, default: { sources: ["pypi"], policy: POLICY } },
  QUOTA: 1,
  SCRUB: 1_200,
  OSV: "https://osv.test/PyPI/",
};

/** Nothing is fetched ahead of clients but by one machine (test/server/ask-ahead.test.ts), whose disk alone can be full (test/server/disk). */
const ELSEWHERE: ReadonlySet<string> = new Set(["pypi_edge_ahead_total", "pypi_edge_storage_trouble"]);

const scraped = async (rig: Rig) => samplesOf((await rig.get("/-/metrics", READER)).text());

/** Lets happen whatever a metric or a plot counts. */
async function everything(rig: FollowedRig, network: { isFull: boolean }): Promise<void> {
  const get = async (path: string, headers?: Record<string, string>) => (await rig.get(path, headers)).status;
  const old = { "upload-time": OLD.entry?.["upload-time"] };
  const [bad, fresh, exempt] = [file("2.0", NOW - 9 * DAY), file("3.0", NOW - HOUR), file("2.9", NOW - HOUR)];
  const [denied, early, kept] = [
    wheel("denied", "1.0", [], old),
    wheel("early", "1.0rc1", [], old),
    wheel("mirrored", "1.0", [], old),
  ];
  const { upstream } = rig;
  await upstream.publish("demo", [OLD, bad, exempt, fresh]);
  await upstream.publish("denied", [denied]);
  await upstream.publish("early", [early]);
  await upstream.publish("mirrored", [kept, wheel("mirrored", "2.0", [], old)]);
  const affected = [
    {
      package: { ecosystem: "PyPI", name: "demo" },
      ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "3.0" }] }],
    },
  ];
  await storeAdvisories(rig, [{ id: "GHSA-1", database_specific: { severity: "CRITICAL" }, affected }]);
  const exemption = { index: "default", kind: "exemption", what: ["demo==2.9"], reason: "needed", expires: "7d" };
  await rig.post("policy/entries", JSON.stringify(exemption));
  await rig.change("behind");
  await rig.minute();
  // Pages and files by each layer, by each verdict.
  await get("/simple/behind/");
  for (let turn = 0; turn < 2; turn++) await get("/simple/demo/");
  for (const each of [OLD, fresh, exempt, denied, early]) await get(filePath(each.filename));
  await get(filePath(OLD.filename));
  await get("/simple/absent/");
  upstream.on(`${FakeUpstream.INDEX}slow/`, async () => {
    await Promise.resolve();
    rig.wait(1_000);
    return new Response("no", { status: 404 });
  });
  await get("/simple/slow/");
  // A new isolate has nothing in memory, and the next one finds in the data centre's cache what it has read.
  for (let isolate = 0; isolate < 2; isolate++) {
    await scraped(rig);
    rig.restart();
    await get("/simple/demo/");
    await get(filePath(OLD.filename));
  }
  network.isFull = true;
  await get("/simple/other/", { "CF-Connecting-IP": "8.8.8.8" });
  network.isFull = false;
  // What is hosted, deleted, mirrored, scrubbed and damaged.
  await host("acme", "acme-1.0-py3-none-any.whl");
  await get("/team/simple/acme/");
  await host("gone", "gone-1.0-py3-none-any.whl");
  await call(rig, "DELETE", at("team", "gone", "1.0"));
  upstream.on(`${FakeUpstream.FILES}mirrored-2.0-py3-none-any.whl`, () => new Response("other bytes"));
  await mirrored(rig, "mirrored");
  await spoil(keyOf(kept.filename));
  await verified(rig);
  await env.DB.prepare("INSERT INTO dead_letter (id, queue, body, died_at) VALUES ('a', 'x-fills', '{}', 1)").run();
  await rig.tick("*/5 * * * *");
  rig.wait(HOUR);
  await get("/simple/behind/");
  await rig.change("behind");
  await rig.tick("* * * * *");
  await rig.post("jobs/advisories");
  upstream.down = true;
  rig.wait(2 * HOUR);
  await get("/simple/demo/");
}

test("each metric and each line and bar of the dashboard is moved by what it counts", async () => {
  const network = { isFull: false };
  const newFromNetwork = { limit: () => Promise.resolve({ success: !network.isFull }) };
  const rig = new FollowedRig({ ...onCloudflare(), staleness: { reuse: 0, skew: 0 }, newFromNetwork }, VARS);
  await rig.tick("* * * * *");
  await rig.post("jobs/figures");
  const before = new Map((await scraped(rig)).map(({ name, labels, value }) => [`${name}{${labels}}`, value]));
  await everything(rig, network);
  const after = (await rig.get("/-/metrics", READER)).text();
  const moved = new Set(
    samplesOf(after).flatMap(({ name, labels, value }) =>
      value === (before.get(`${name}{${labels}}`) ?? 0) ? [] : [name],
    ),
  );
  const all = [...after.matchAll(/^# HELP (\w+) /gm)].map(([, name = ""]) => name);
  expect(all.filter((name) => !moved.has(name) && !ELSEWHERE.has(name))).toEqual([]);
  expect(all.length).toBeGreaterThan(35);

  const page = (await rig.get("/-/", READER)).text();
  const still = [...page.matchAll(/<figure class="plot card" id="(\w+)"([^]*?)<\/figure>/g)].flatMap(
    ([, id, figure = ""]) => {
      const heads = [...figure.matchAll(/<th scope="col" class="num">(.*?)<\/th>/g)].map(([, label = ""]) => label);
      const rows = [...figure.matchAll(/<tr><th scope="row">[^]*?<\/tr>/g)].map(([row]) =>
        [...row.matchAll(/<td class="num">(.*?)<\/td>/g)].map(([, cell = ""]) => cell),
      );
      return heads
        .filter((_, column) => !rows.some((cells) => /[1-9]/.test(cells[column] ?? "")))
        .map((label) => `${id}: ${label}`);
    },
  );
  expect(still).toEqual([]);
});
