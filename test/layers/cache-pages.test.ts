import { describe, expect, test } from "vitest";
import { JSON_TYPE, Rig } from "../support/rig.ts";

const ONE = { filename: "demo-1.0.tar.gz", bytes: new Uint8Array([1]) };
const TWO = { filename: "demo-2.0.tar.gz", bytes: new Uint8Array([2]) };
const PAGE = "https://upstream.test/simple/demo/";

async function stored() {
  const rig = new Rig();
  await rig.upstream.publish("demo", [ONE]);
  await rig.page("demo");
  rig.restart();
  rig.forget();
  return rig;
}

const names = (json: { files: Record<string, unknown>[] } | undefined) => json?.files.map((file) => file["filename"]);

describe("a stored page", () => {
  test("is served without asking until it is ten minutes old, then checked with the upstream's validators", async () => {
    const rig = await stored();
    rig.wait(599_000);
    await rig.page("demo");
    expect(rig.upstream.requests).toEqual([]);
    let conditional: string | null = null;
    rig.upstream.on(PAGE, (request) => {
      conditional = request.headers.get("If-None-Match");
      return new Response(null, { status: 304 });
    });
    rig.wait(2_000);
    expect((await rig.page("demo")).status).toBe(200);
    expect(conditional).toMatch(/^"[0-9a-f]{8}"$/);
  });

  test("that has changed upstream is served and stored as it is now", async () => {
    const rig = await stored();
    await rig.upstream.publish("demo", [ONE, TWO]);
    rig.wait(601_000);
    expect(names((await rig.page("demo")).json)).toEqual([ONE.filename, TWO.filename]);
    rig.restart();
    rig.upstream.down = true;
    expect(names((await rig.page("demo")).json)).toEqual([ONE.filename, TWO.filename]);
  });

  test("is served while the upstream is away, whatever its age, and the upstream is not asked for each request", async () => {
    const rig = await stored();
    rig.upstream.down = true;
    rig.wait(90 * 24 * 3_600_000);
    for (let n = 0; n < 5; n++) expect((await rig.page("demo")).status).toBe(200);
    const once = rig.upstream.requests.length;
    expect(once).toBe(3);
    rig.wait(31_000);
    await rig.page("demo");
    expect(rig.upstream.requests).toHaveLength(2 * once);
  });

  test("is marked as stale until the upstream is asked again, and costs what a fresh one costs", async () => {
    const rig = await stored();
    rig.upstream.down = true;
    rig.wait(601_000);
    await rig.page("demo");
    rig.wait(20_000);
    rig.forget();
    expect((await rig.page("demo")).headers.get("Cache-Status")).toContain("stale");
    expect([rig.counts, rig.upstream.requests]).toEqual([{ "kv.getWithMetadata": 1 }, []]);
    await rig.get("/simple/demo/");
    rig.forget();
    expect((await rig.get("/simple/demo/")).headers.get("Cache-Status")).toContain("stale");
    expect(rig.counts).toEqual({});
  });

  test("does not wait for an upstream that hangs, and is checked behind the answer", async () => {
    const rig = await stored();
    let release: (response: Response) => void = () => undefined;
    rig.upstream.on(PAGE, () => new Promise((resolve) => (release = resolve)));
    rig.wait(601_000);
    const { response, settled } = await rig.open("/simple/demo/", { headers: { Accept: JSON_TYPE } });
    expect([response.status, response.headers.get("Cache-Status")]).toEqual([
      200,
      "pypi-edge; hit; detail=stale-upstream-away",
    ]);
    await response.body?.cancel();
    await rig.upstream.publish("demo", [ONE, TWO]);
    release(await rig.upstream.get(PAGE));
    await settled();
    expect(names((await rig.page("demo")).json)).toEqual([ONE.filename, TWO.filename]);
  });

  test("that is deleted upstream is deleted here", async () => {
    const rig = await stored();
    rig.upstream.on(PAGE, () => new Response(null, { status: 404 }));
    rig.wait(601_000);
    expect((await rig.page("demo")).status).toBe(404);
    rig.wait(61_000);
    rig.upstream.down = true;
    rig.restart();
    expect((await rig.page("demo")).status).toBe(503);
  });
});

const DAY = 24 * 3_600_000;
const LIST = "https://upstream.test/simple/";

describe("a page that the upstream cannot be asked about", () => {
  const warning = async (rig: Rig) => (await rig.page("demo")).headers.get("Warning");

  /** A page that was last found good now, in an isolate that has just begun. */
  async function checked() {
    const rig = await stored();
    rig.wait(601_000);
    await rig.page("demo");
    rig.restart();
    return rig;
  }

  test("is served without a warning for a week, then with one, until the upstream is back", async () => {
    const rig = await checked();
    rig.upstream.down = true;
    rig.wait(6 * DAY);
    expect(await warning(rig)).toBeNull();
    rig.wait(DAY);
    expect(await warning(rig)).toBeNull();
    rig.wait(DAY);
    expect(await warning(rig)).toBe('110 pypi-edge "Not checked with the upstream for 8 days."');
    rig.wait(29_000);
    expect(await warning(rig)).toContain("8 days");
    rig.upstream.down = false;
    rig.wait(2_000);
    expect(await warning(rig)).toBeNull();
    rig.wait(601_000);
    rig.upstream.down = true;
    expect(await warning(rig)).toBeNull();
  });

  test("has the warning on a 304 and in HTML as well", async () => {
    const rig = await checked();
    const etag = (await rig.get("/simple/demo/")).headers.get("ETag") ?? "";
    rig.upstream.down = true;
    rig.wait(8 * DAY);
    const answers = [await rig.get("/simple/demo/"), await rig.get("/simple/demo/", { "If-None-Match": etag })];
    expect(answers.map(({ status, headers }) => [status, headers.has("Warning")])).toEqual([
      [200, true],
      [304, true],
    ]);
  });

  test("is known by its marker to an isolate that has never asked", async () => {
    const rig = await checked();
    rig.upstream.down = true;
    rig.wait(6 * DAY);
    await rig.page("demo");
    rig.restart();
    rig.wait(2 * DAY);
    expect(await warning(rig)).toContain("8 days");
    rig.restart();
    rig.forget();
    expect(await warning(rig)).toContain("8 days");
    expect([rig.counts, rig.upstream.requests]).toEqual([{ "kv.getWithMetadata": 1, "cache.match": 1 }, []]);
  });

  test("is not warned of early where its marker was lost: the week begins with the first failure", async () => {
    const rig = await stored();
    rig.upstream.down = true;
    rig.wait(90 * DAY);
    expect(await warning(rig)).toBeNull();
    rig.wait(6 * DAY);
    expect(await warning(rig)).toBeNull();
    rig.restart();
    rig.wait(2 * DAY);
    expect(await warning(rig)).toContain("8 days");
  });

  test("costs one cache put in 30 s, however many requests come", async () => {
    const rig = await checked();
    rig.upstream.down = true;
    rig.wait(DAY);
    rig.forget();
    await Promise.all(Array.from({ length: 50 }, () => rig.page("demo")));
    rig.wait(20_000);
    await rig.page("demo");
    expect([rig.counts["cache.put"], rig.counts["kv.put"]]).toEqual([1, undefined]);
  });

  test("that another data centre stored while this one's marker grew old was good when it was stored", async () => {
    const rig = await checked();
    rig.upstream.down = true;
    rig.wait(5 * DAY);
    await rig.page("demo");
    const elsewhere = new Rig({}, { cache: await caches.open("elsewhere") });
    elsewhere.now = rig.now;
    await elsewhere.upstream.publish("demo", [ONE, TWO]);
    await elsewhere.page("demo");
    rig.restart();
    rig.wait(4 * DAY);
    expect(await warning(rig)).toBeNull();
    rig.wait(4 * DAY);
    expect(await warning(rig)).toContain("8 days");
  });
});

describe("a root listing that the upstream cannot be asked about", () => {
  test("is served with a warning after a week, until the upstream is back", async () => {
    const rig = new Rig();
    rig.upstream.on(LIST, () => Response.json({ meta: {}, projects: [{ name: "demo" }] }));
    await rig.get("/simple/");
    rig.upstream.down = true;
    rig.wait(3_601_000);
    const seen: (string | null)[] = [];
    for (const days of [0, 6, 2]) {
      rig.wait(days * DAY);
      seen.push((await rig.get("/simple/")).headers.get("Warning"));
    }
    expect(seen).toEqual([null, null, '110 pypi-edge "Not checked with the upstream for 8 days."']);
    rig.forget();
    rig.wait(29_000);
    expect((await rig.get("/simple/")).headers.get("Cache-Status")).toContain("stale");
    expect(rig.upstream.requests).toEqual([]);
    rig.upstream.down = false;
    rig.wait(2_000);
    expect((await rig.get("/simple/")).headers.get("Warning")).toBeNull();
  });
});

describe("an upstream that answers with", () => {
  const json = { "Content-Type": "application/vnd.pypi.simple.v1+json" };
  const answers: [string, () => Response | Promise<Response>][] = [
    ["500", () => new Response("oops", { status: 500 })],
    ["403", () => new Response("no", { status: 403 })],
    ["429", () => new Response("slow down", { status: 429 })],
    ["no connection", () => Promise.reject(new Error("connection refused"))],
    [
      "truncated JSON",
      () => new Response('{"meta":{"api-version":"1.1"},"name":"demo","files":[{"filen', { headers: json }),
    ],
    ["HTML where JSON was promised", () => new Response("<html>", { headers: json })],
    [
      "a log-in page",
      () => new Response("<html><a href='/login'>Log in</a></html>", { headers: { "Content-Type": "text/html" } }),
    ],
    ["another project's page", () => Response.json({ meta: {}, name: "other", files: [] })],
    ["a redirect loop", () => Response.redirect(PAGE, 302)],
    ["a redirect into the network we run in", () => Response.redirect("http://169.254.169.254/latest/", 302)],
    ["50 MB", () => new Response(new Uint8Array(50_000_000), { headers: json })],
    ["a connection cut in the middle", () => new Response(cut(), { headers: json })],
  ];

  test.each(answers)(
    "%s: 503 with Retry-After where nothing is stored, and nothing is stored",
    async (_what, answer) => {
      const rig = new Rig();
      rig.upstream.on(PAGE, answer);
      const { status, headers, text } = await rig.page("demo");
      expect([status, headers.get("Retry-After"), headers.get("Cache-Control")]).toEqual([503, "1", "no-store"]);
      expect(text()).toContain("upstream.test cannot be used right now");
      expect(rig.counts).toEqual({ "kv.getWithMetadata": 1 });
    },
  );

  test.each(answers)("%s: the stored page where there is one", async (_what, answer) => {
    const rig = await stored();
    rig.upstream.on(PAGE, answer);
    rig.wait(601_000);
    const page = await rig.page("demo");
    expect([page.status, names(page.json), page.headers.get("Cache-Status")]).toEqual([
      200,
      [ONE.filename],
      "pypi-edge; hit; detail=stale-upstream-away",
    ]);
  });
});

/** A body that breaks off after its first bytes. */
function cut(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"meta":'));
      controller.error(new Error("connection reset"));
    },
  });
}
