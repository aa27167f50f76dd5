import { describe, expect, test } from "vitest";
import { exposition } from "../../worker/http/metrics.ts";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { DATABASE_AWAY } from "../support/away.ts";
import { READER, TEAM } from "../support/hosted.ts";
import { filePath, JSON_TYPE, Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";

const WHEEL = { filename: "demo-1.0-py3-none-any.whl", bytes: new Uint8Array(60_000).fill(3) };
const PAGE = "https://upstream.test/simple/demo/";
const DAY = 24 * 3_600_000;

async function published() {
  const rig = new Rig();
  await rig.upstream.publish("demo", [WHEEL]);
  return rig;
}

/** The samples of `/-/metrics` whose names begin so. */
async function samples(rig: Rig, prefix: string): Promise<string[]> {
  const lines = (await rig.get("/-/metrics", READER)).text().split("\n");
  return lines.filter((line) => line.startsWith(`pypi_edge_${prefix}`)).map((line) => line.slice("pypi_edge_".length));
}

describe("/-/metrics", () => {
  test("is Prometheus' text format, stored by no cache, with a help text for every metric", async () => {
    const rig = await published();
    await rig.page("demo");
    const { status, headers, text } = await rig.get("/-/metrics", READER);
    expect([status, headers.get("Content-Type"), headers.get("Cache-Control")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
      "no-store",
    ]);
    const blocks = text().split(/^(?=# HELP )/m);
    const block =
      /^# HELP (\w+) [A-Z].+\.\n# TYPE (\w+) (counter|gauge)\n(?:\w+(?:\{\w+="[\w-]+"(?:,\w+="[\w-]+")*\})? \d+\n)*$/;
    expect(blocks.map((lines) => block.exec(lines)?.slice(1))).toEqual([
      ["pypi_edge_requests_total", "pypi_edge_requests_total", "counter"],
      ["pypi_edge_file_bytes_total", "pypi_edge_file_bytes_total", "counter"],
      ["pypi_edge_stale_pages_total", "pypi_edge_stale_pages_total", "counter"],
      ["pypi_edge_upstream_requests_total", "pypi_edge_upstream_requests_total", "counter"],
      ["pypi_edge_upstream_seconds_total", "pypi_edge_upstream_seconds_total", "counter"],
      ["pypi_edge_refused_fills_total", "pypi_edge_refused_fills_total", "counter"],
      ["pypi_edge_ahead_total", "pypi_edge_ahead_total", "counter"],
      ["pypi_edge_policy_verdicts_total", "pypi_edge_policy_verdicts_total", "counter"],
      ["pypi_edge_policy_held_fixes_total", "pypi_edge_policy_held_fixes_total", "counter"],
      ["pypi_edge_events_total", "pypi_edge_events_total", "counter"],
      ["pypi_edge_projects", "pypi_edge_projects", "gauge"],
      ["pypi_edge_overdue_crons", "pypi_edge_overdue_crons", "gauge"],
      ["pypi_edge_storage_trouble", "pypi_edge_storage_trouble", "gauge"],
      ["pypi_edge_stored_bytes", "pypi_edge_stored_bytes", "gauge"],
      ["pypi_edge_stored_objects", "pypi_edge_stored_objects", "gauge"],
      ["pypi_edge_hosted_projects", "pypi_edge_hosted_projects", "gauge"],
      ["pypi_edge_hosted_files", "pypi_edge_hosted_files", "gauge"],
      ["pypi_edge_hosted_bytes", "pypi_edge_hosted_bytes", "gauge"],
      ["pypi_edge_trash_bytes", "pypi_edge_trash_bytes", "gauge"],
      ["pypi_edge_dead_letters", "pypi_edge_dead_letters", "gauge"],
      ["pypi_edge_policy_entries", "pypi_edge_policy_entries", "gauge"],
    ]);
  });

  test("needs a token that may read every index", async () => {
    const rig = new Rig(TEAM);
    const asked = async (grant: Parameters<typeof give>[1]) => bearer((await give(rig, grant)).text);
    const rows: readonly (readonly [Record<string, string>, number])[] = [
      [{}, 401],
      [bearer("something-else"), 401],
      [READER, 200],
      [await asked({ index: "*", scopes: ["read"] }), 200],
      [await asked({ index: "*", scopes: ["admin"] }), 200],
      [await asked({ index: "*", scopes: ["upload"] }), 403],
      [await asked({ index: "team", scopes: ["read"] }), 403],
      [await asked({ index: "team", scopes: ["admin"] }), 403],
    ];
    for (const method of ["GET", "HEAD"]) {
      for (const [headers, status] of rows) {
        const answer = await rig.get("/-/metrics", headers, method);
        const told = answer.text().includes("pypi_edge_");
        expect([answer.status, answer.headers.get("Cache-Control"), told]).toEqual([
          status,
          "no-store",
          status === 200 && method === "GET",
        ]);
      }
    }
    rig.forget();
    await rig.get("/-/metrics");
    expect(rig.counts).toEqual({});
  });

  test('needs no token where METRICS = "open"', async () => {
    expect((await new Rig({ METRICS: "open" }).get("/-/metrics")).text()).toContain("pypi_edge_requests_total");
  });

  test("events are not all failures, and their help text says so", async () => {
    expect((await new Rig().get("/-/metrics", READER)).text()).toContain(
      "# HELP pypi_edge_events_total What happened behind answers and jobs, by kind: failures, and recoveries (feed-recovered).\n",
    );
  });

  test("counts requests by kind of address, status and where the answer came from", async () => {
    const rig = await published();
    await rig.page("demo");
    await rig.page("demo");
    await rig.page("nobody");
    await rig.get("/simple/Demo");
    await rig.get(filePath(WHEEL.filename));
    await rig.get("/simplest");
    await rig.get("/files/x");
    await rig.get("/", {}, "DELETE");
    expect(await samples(rig, "requests_total")).toEqual([
      'requests_total{family="files",status="200",via="upstream"} 1',
      'requests_total{family="files",status="400",via="none"} 1',
      'requests_total{family="other",status="404",via="none"} 1',
      'requests_total{family="other",status="405",via="none"} 1',
      'requests_total{family="simple",status="200",via="memory"} 1',
      'requests_total{family="simple",status="200",via="upstream"} 1',
      'requests_total{family="simple",status="302",via="none"} 1',
      'requests_total{family="simple",status="404",via="none"} 1',
    ]);
  });

  test("are counted alike for an index with a name", async () => {
    const rig = new Rig({ INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["pypi"] } } });
    await rig.get("/team/simple/files/");
    await rig.get("/simple/files/");
    await rig.get("/team/files/files.upstream.test/packages/x-1.0.zip");
    expect(await samples(rig, "requests_total")).toEqual([
      'requests_total{family="files",status="404",via="none"} 1',
      'requests_total{family="simple",status="404",via="none"} 2',
    ]);
  });

  test("counts the bytes of files by their origin, and none for HEAD and 304", async () => {
    const rig = await published();
    const path = filePath(WHEEL.filename);
    await rig.get(path);
    const { headers } = await rig.get(path, { Range: "bytes=0-99" });
    await rig.get(path, {}, "HEAD");
    await rig.get(path, { "If-None-Match": headers.get("ETag") ?? "" });
    await rig.page("demo");
    expect(await samples(rig, "file_bytes_total")).toEqual([
      'file_bytes_total{via="r2"} 100',
      'file_bytes_total{via="upstream"} 60000',
    ]);
  });

  test("counts what the upstream was asked for by outcome, a retried request once", async () => {
    const rig = await published();
    await rig.page("demo");
    await rig.page("nobody");
    rig.wait(601_000);
    await rig.page("demo");
    rig.upstream.on(PAGE, () => new Response("oops", { status: 500 }));
    rig.wait(601_000);
    await rig.page("demo");
    expect(await samples(rig, "upstream_requests_total")).toEqual([
      'upstream_requests_total{outcome="absent"} 1',
      'upstream_requests_total{outcome="failed"} 1',
      'upstream_requests_total{outcome="ok"} 1',
      'upstream_requests_total{outcome="unchanged"} 1',
    ]);
  });

  test("counts what went wrong behind answers", async () => {
    const rig = await published();
    await rig.page("demo");
    const wrong = new Uint8Array(WHEEL.bytes.byteLength);
    rig.upstream.on(`https://files.upstream.test/packages/${WHEEL.filename}`, () => new Response(wrong));
    const { response, settled } = await rig.open(filePath(WHEEL.filename));
    await expect(response.arrayBuffer()).rejects.toThrow("broken off");
    await settled();
    rig.upstream.down = true;
    rig.wait(601_000);
    await rig.page("demo");
    expect(await samples(rig, "events_total")).toEqual([
      'events_total{event="file-refused"} 1',
      'events_total{event="upstream-failed"} 1',
    ]);
  });

  test("counts pages that were served stale, those with a warning apart", async () => {
    const rig = await published();
    await rig.page("demo");
    rig.upstream.down = true;
    rig.wait(601_000);
    await rig.page("demo");
    await rig.page("demo");
    rig.wait(8 * DAY);
    await rig.page("demo");
    expect(await samples(rig, "stale_pages_total")).toEqual([
      'stale_pages_total{warned="false"} 2',
      'stale_pages_total{warned="true"} 1',
    ]);
  });

  test("counts each of fifty requests at once, and all isolates' together", async () => {
    const rig = await published();
    await rig.page("demo");
    await Promise.all(Array.from({ length: 50 }, () => rig.page("demo")));
    expect(await samples(rig, 'requests_total{family="simple",status="200",via="memory"}')).toEqual([
      'requests_total{family="simple",status="200",via="memory"} 50',
    ]);
    rig.restart();
    await rig.page("demo");
    await Promise.all(Array.from({ length: 50 }, () => rig.page("demo")));
    expect(await samples(rig, "requests_total")).toEqual([
      'requests_total{family="simple",status="200",via="kv"} 1',
      'requests_total{family="simple",status="200",via="memory"} 100',
      'requests_total{family="simple",status="200",via="upstream"} 1',
    ]);
  });

  test("loses no count where fifty requests coincide with a write", async () => {
    const rig = await published();
    await rig.page("demo");
    rig.wait(301_000);
    await Promise.all(Array.from({ length: 50 }, () => rig.get("/simple/demo/", { Accept: JSON_TYPE })));
    const total = (await samples(rig, "requests_total")).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    expect(total).toBe(51);
  });

  test("shows how many projects are stored, and names none of them", async () => {
    const rig = await published();
    await rig.page("demo");
    await rig.get(filePath(WHEEL.filename));
    expect(await samples(rig, "projects")).toEqual(["projects 1"]);
    expect((await rig.get("/-/metrics", READER)).text()).not.toMatch(/demo|upstream\.test|edge\.test/);
  });

  test("shows how many files and bytes are stored, by any isolate", async () => {
    const rig = await published();
    await rig.get(filePath(WHEEL.filename));
    rig.restart();
    expect(await samples(rig, "stored")).toEqual(["stored_bytes 60000", "stored_objects 1"]);
  });

  test("counts neither itself nor /-/health, and writes nothing where nothing else has come", async () => {
    const rig = new Rig();
    for (let n = 0; n < 3; n++) await rig.get("/-/health");
    const scrapes = [await samples(rig, "requests"), await samples(rig, "requests")];
    expect(scrapes).toEqual([[], []]);
    // The sums, what is stored and hosted, the dead letters and when crons ran each time, and once a minute the number of projects; and, for
    // /-/health, once in half a minute when crons ran.
    expect(rig.counts).toEqual({ "d1.prepare": 22, "d1.batch": 2 });
  });

  test("is 503 and not half of the figures while the database is away, and nothing else is", async () => {
    const rig = new Rig({}, { database: DATABASE_AWAY });
    await rig.upstream.publish("demo", []);
    expect((await rig.page("demo")).status).toBe(200);
    rig.wait(301_000);
    expect((await rig.page("demo")).status).toBe(200);
    const { status, headers, text } = await rig.get("/-/metrics", READER);
    expect([status, headers.get("Cache-Control")]).toEqual([503, "no-store"]);
    expect(text()).toBe("The database with the figures cannot be read right now; try again in a moment.\n");
  });

  test("say how each log of changes is followed, by the upstream's name in the configuration", async () => {
    const rig = new Rig({ FEED: true });
    await rig.upstream.publish("demo", []);
    const gauges = async () => [...(await samples(rig, "feed")), ...(await samples(rig, "pages_behind"))];
    expect(await gauges()).toEqual(['feed_up{upstream="pypi"} 0', 'pages_behind{upstream="pypi"} 0']);
    const log = [...rig.services.sources.values()][0]?.changes?.log;
    await log?.begin(41, rig.now);
    await rig.page("demo");
    await log?.advance(41, { projects: new Map([[parseProjectName("demo"), 42]]), last: 42 }, rig.now);
    const followed = [
      'feed_up{upstream="pypi"} 1',
      'feed_serial{upstream="pypi"} 42',
      'pages_behind{upstream="pypi"} 1',
    ];
    expect(await gauges()).toEqual(followed);
    rig.wait(180_000);
    expect(await gauges()).toEqual(['feed_up{upstream="pypi"} 0', ...followed.slice(1)]);
    rig.breakOnce("d1.prepare");
    expect((await rig.get("/-/metrics", READER)).status).toBe(503);
  });

  test("escapes what a label must not contain", () => {
    const count = { name: "events", labels: { event: 'a "b" \\ c\nd' }, value: 1 } as const;
    expect(exposition([count], [])).toContain('pypi_edge_events_total{event="a \\"b\\" \\\\ c\\nd"} 1\n');
  });
});

describe("/-/health", () => {
  test.each(["GET", "HEAD"])("answers %s that the worker runs, and reads nothing", async (method) => {
    const rig = new Rig({}, { database: DATABASE_AWAY });
    rig.upstream.down = true;
    rig.wait(301_000);
    const { status, headers, text } = await rig.get("/-/health", {}, method);
    expect([status, headers.get("Cache-Control"), headers.get("Content-Type")]).toEqual([
      200,
      "no-store",
      "application/json",
    ]);
    expect(text()).toBe(method === "GET" ? '{"status":"ok"}' : "");
    expect([rig.counts, rig.upstream.requests]).toEqual([{}, []]);
  });

  test("and /-/metrics are all there is below /-/ beside the dashboard, and can only be read", async () => {
    const rig = new Rig();
    const statuses = await Promise.all([
      rig.get("/-/"),
      rig.get("/-/other", { Accept: "application/json" }),
      rig.get("/-/health/x"),
      rig.get("/-/health", {}, "POST"),
      rig.get("/-/metrics", {}, "POST"),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([401, 404, 404, 405, 405]);
    expect(statuses[1]?.headers.get("Content-Type")).toBe("application/problem+json");
  });
});
