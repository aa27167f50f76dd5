import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { parseProjectName } from "../../worker/pypi/name.ts";
import { READER } from "../support/hosted.ts";
import { Rig, type PageJson } from "../support/rig.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DEMO = parseProjectName("demo");
const PAGE = "https://upstream.test/simple/demo/";
const ONE = { filename: "demo-1.0.tar.gz", bytes: new Uint8Array([1]) };
const TWO = { filename: "demo-2.0.tar.gz", bytes: new Uint8Array([2]) };

/** A rig over an upstream whose log is followed, from before its page was stored. */
async function followed() {
  const rig = new Rig({ FEED: true });
  await rig.upstream.publish("demo", [ONE]);
  const changes = changesOf(rig);
  await changes.log.begin(7, rig.now - 1);
  await rig.page("demo");
  rig.restart();
  rig.forget();
  return { rig, ...changes };
}

function changesOf(rig: Rig) {
  const changes = [...rig.services.sources.values()][0]?.changes;
  if (!changes) throw new Error("no log is followed");
  return changes;
}

/** The log is followed to its end now, and says this. */
async function poll(rig: Rig, serials: Record<string, number> = {}) {
  const { log } = changesOf(rig);
  const from = (await log.state())?.serial ?? 0;
  const projects = new Map(Object.entries(serials).map(([name, serial]) => [parseProjectName(name), serial]));
  expect(await log.advance(from, { projects, last: Math.max(from, ...projects.values()) }, rig.now)).toBe(true);
}

const asked = (rig: Rig) => rig.upstream.requests.length;
const filenames = ({ json }: { json: PageJson | undefined }) => json?.files.map((file) => file["filename"]);

/** The upstream has the page at this serial. */
const at = (rig: Rig, serial: number, ...files: (typeof ONE)[]) =>
  rig.upstream.publish("demo", files, { meta: { "api-version": "1.1", "_last-serial": serial } });

describe("while the log of changes is followed, a stored page", () => {
  test("is served weeks later without a request to the upstream, from one KV read", async () => {
    const { rig } = await followed();
    for (const wait of [11 * MINUTE, DAY, 30 * DAY]) {
      rig.wait(wait);
      await poll(rig);
      rig.restart();
      rig.forget();
      expect((await rig.page("demo")).headers.get("Cache-Status")).toBe("pypi-edge; hit; detail=kv");
      expect([asked(rig), rig.counts]).toEqual([0, { "kv.getWithMetadata": 1, "d1.prepare": 1 }]);
    }
  });

  test("is checked again once the log has not been followed for three minutes, and trusted when it is again", async () => {
    const { rig } = await followed();
    rig.wait(20 * MINUTE);
    await poll(rig);
    rig.wait(3 * MINUTE - 1);
    await rig.page("demo");
    expect(asked(rig)).toBe(0);
    rig.wait(1);
    await rig.page("demo");
    expect(asked(rig)).toBe(1);
    rig.wait(9 * MINUTE);
    await rig.page("demo");
    expect(asked(rig)).toBe(1);
    rig.wait(2 * MINUTE);
    await poll(rig);
    await rig.page("demo");
    rig.wait(31_000);
    await rig.page("demo");
    rig.wait(DAY);
    await poll(rig);
    await rig.page("demo");
    expect(asked(rig)).toBe(1);
  });

  test("is fresh while the log has failed twice, and while its Retry-After lasts", async () => {
    const { rig, log } = await followed();
    rig.wait(20 * MINUTE);
    await poll(rig);
    rig.wait(MINUTE);
    await log.failed("it is away", rig.now + 10 * MINUTE);
    rig.wait(MINUTE);
    await log.failed("it is away", rig.now + 10 * MINUTE);
    await rig.page("demo");
    expect(asked(rig)).toBe(0);
  });

  test("from before the log was followed is revalidated once", async () => {
    const rig = new Rig({ FEED: true });
    await rig.upstream.publish("demo", [ONE]);
    await rig.page("demo");
    rig.wait(20 * MINUTE);
    await changesOf(rig).log.begin(7, rig.now);
    rig.wait(1);
    rig.forget();
    await rig.page("demo");
    expect(asked(rig)).toBe(1);
    rig.wait(DAY);
    await poll(rig);
    await rig.page("demo");
    rig.restart();
    await rig.page("demo");
    expect(asked(rig)).toBe(1);
  });

  test("that is behind the log is revalidated as without a log, until it is settled", async () => {
    const { rig, behind } = await followed();
    rig.wait(20 * MINUTE);
    await poll(rig, { demo: 8 });
    await rig.page("demo");
    expect(asked(rig)).toBe(1);
    await behind.settle(DEMO, 8);
    rig.wait(20 * MINUTE);
    await poll(rig);
    await rig.page("demo");
    expect(asked(rig)).toBe(1);
  });

  test("is not trusted where more than a thousand are behind", async () => {
    const { rig, behind } = await followed();
    const others = Array.from({ length: 1_001 }, (_, n) => `other-${n}`);
    const keep =
      "INSERT INTO page (source, project, serial, changed_at, announced_serial) SELECT ?1, value, 1, 1, 9 FROM json_each(?2)";
    const [source] = rig.services.sources.keys();
    await env.DB.prepare(keep).bind(source, JSON.stringify(others)).run();
    rig.wait(20 * MINUTE);
    await poll(rig);
    await rig.page("demo");
    expect(asked(rig)).toBe(1);
    await behind.settle(parseProjectName("other-0"), 9);
    rig.wait(20 * MINUTE);
    await poll(rig);
    await rig.page("demo");
    expect(asked(rig)).toBe(1);
  });

  test("costs one D1 read in 30 s, however many requests come, and none where it is young", async () => {
    const { rig } = await followed();
    rig.wait(9 * MINUTE);
    for (let n = 0; n < 20; n++) await rig.page("demo");
    expect(rig.counts["d1.prepare"]).toBeUndefined();
    rig.wait(2 * MINUTE);
    await poll(rig);
    await rig.page("demo");
    rig.forget();
    for (let second = 0; second < 29; second++) {
      rig.wait(1_000);
      await Promise.all([rig.page("demo"), rig.page("demo"), rig.page("demo")]);
    }
    expect(rig.counts["d1.prepare"]).toBeUndefined();
    rig.wait(1_000);
    await Promise.all(Array.from({ length: 50 }, () => rig.page("demo")));
    expect([rig.counts["d1.prepare"], asked(rig)]).toEqual([1, 0]);
  });

  test("is revalidated by age while D1 fails, which is reported once in some seconds", async () => {
    const { rig } = await followed();
    rig.wait(20 * MINUTE);
    await poll(rig);
    rig.forget();
    rig.breakOnce("d1.prepare");
    await rig.page("demo");
    rig.wait(4_000);
    await rig.page("demo");
    expect([asked(rig), rig.counts["d1.prepare"]]).toEqual([1, 1]);
    const events = (await rig.get("/-/metrics", READER)).text();
    expect(events).toContain('pypi_edge_events_total{event="storage-failed"} 1\n');
    rig.wait(DAY);
    await poll(rig);
    await rig.page("demo");
    expect(asked(rig)).toBe(1);
  });

  test("without a row in D1 is revalidated by age: the log's changes do not mark it", async () => {
    const rig = new Rig({ FEED: true });
    await rig.upstream.publish("demo", [ONE]);
    await changesOf(rig).log.begin(7, rig.now - 1);
    rig.breakOnce("d1.prepare");
    await rig.page("demo");
    rig.wait(20 * MINUTE);
    await poll(rig, { demo: 8 });
    await at(rig, 8, ONE, TWO);
    expect(filenames(await rig.page("demo"))).toEqual([ONE.filename, TWO.filename]);
  });

  test("is revalidated for a file that it does not list, although the change log confirms it", async () => {
    const { rig } = await followed();
    await at(rig, 8, ONE, TWO);
    rig.wait(20 * MINUTE);
    await poll(rig);
    expect((await rig.get(`/files/files.upstream.test/packages/${TWO.filename}`)).status).toBe(200);
  });

  test("is served as fresh though its last revalidation failed, once the change log confirms it again", async () => {
    const { rig } = await followed();
    rig.wait(20 * MINUTE);
    rig.upstream.down = true;
    expect((await rig.page("demo")).headers.get("Cache-Status")).toContain("stale");
    rig.wait(MINUTE);
    await poll(rig);
    rig.forget();
    expect((await rig.page("demo")).headers.get("Cache-Status")).toBe("pypi-edge; hit; detail=kv");
    expect(asked(rig)).toBe(0);
  });

  test("is known to an isolate by the data centre's marker to have been good since", async () => {
    const rig = new Rig({ FEED: true });
    await rig.upstream.publish("demo", [ONE]);
    await rig.page("demo");
    await changesOf(rig).log.begin(7, rig.now + 1);
    rig.wait(20 * MINUTE);
    await rig.page("demo");
    rig.wait(20 * MINUTE);
    await poll(rig);
    rig.restart();
    rig.forget();
    await rig.page("demo");
    expect([asked(rig), rig.counts]).toEqual([0, { "kv.getWithMetadata": 1, "d1.prepare": 1, "cache.match": 1 }]);
  });
});

describe("an upstream that answers with a lower serial than what is kept", () => {
  /** The page is kept at serial 9, and a node of the upstream's answers as it was at 8. */
  async function backwards() {
    const { rig, ...changes } = await followed();
    await at(rig, 9, ONE, TWO);
    rig.wait(20 * MINUTE);
    await poll(rig, { demo: 9 });
    await rig.page("demo");
    expect(await changes.behind.count()).toBe(0);
    await at(rig, 8, ONE);
    rig.wait(20 * MINUTE);
    return { rig, ...changes };
  }

  test("does not replace it while the log is followed, and nothing is said of it", async () => {
    const { rig } = await backwards();
    await poll(rig, { demo: 10 });
    rig.forget();
    expect(filenames(await rig.page("demo"))).toEqual([ONE.filename, TWO.filename]);
    expect([asked(rig), rig.counts["kv.put"]]).toEqual([1, undefined]);
    rig.restart();
    expect(filenames(await rig.page("demo"))).toEqual([ONE.filename, TWO.filename]);
    expect(await changesOf(rig).behind.count()).toBe(1);
    expect((await rig.get("/-/metrics", READER)).text()).not.toContain("events_total{");
  });

  test("replaces it where the log is not followed and the hour is over: it may count anew", async () => {
    const { rig } = await backwards();
    rig.wait(60 * MINUTE);
    expect(filenames(await rig.page("demo"))).toEqual([ONE.filename]);
    rig.restart();
    rig.upstream.down = true;
    expect(filenames(await rig.page("demo"))).toEqual([ONE.filename]);
  });

  test("replaces it once the log has begun anew", async () => {
    const { rig, log } = await backwards();
    await log.begin(8, rig.now);
    rig.wait(1);
    await rig.page("demo");
    rig.restart();
    rig.upstream.down = true;
    expect(filenames(await rig.page("demo"))).toEqual([ONE.filename]);
  });
});

describe("which logs are followed", () => {
  test("none without FEED, and none of a page of links", () => {
    const off = new Rig();
    expect([...off.services.sources.values()].map(({ changes }) => changes)).toEqual([undefined]);
    const links = new Rig({ FEED: true, UPSTREAMS: { pypi: { find_links: "https://upstream.test/links/" } } });
    expect([...links.services.sources.values()].map(({ changes }) => changes)).toEqual([undefined]);
  });

  test("an upstream's own, with its URL and credentials", async () => {
    const rig = new Rig({ FEED: true });
    let method = "";
    rig.upstream.on("https://upstream.test/pypi", (request) => {
      ({ method } = request);
      return new Response(
        "<?xml version='1.0'?><methodResponse><params><param><value><int>7</int></value></param></params></methodResponse>",
      );
    });
    expect([await changesOf(rig).feed.lastSerial(), method]).toEqual([7, "POST"]);
  });

  test("a page of no log is asked about as ever, without a read of D1", async () => {
    const rig = new Rig({ POPULAR: 0 });
    rig.upstream.on(PAGE, () => Response.json({ meta: { "_last-serial": 5 }, name: "demo", files: [] }));
    await rig.page("demo");
    rig.wait(20 * MINUTE);
    rig.forget();
    await rig.page("demo");
    expect([asked(rig), rig.counts["d1.prepare"]]).toEqual([1, 1]);
  });
});
