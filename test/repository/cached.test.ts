import { describe, expect, test } from "vitest";
import { Rig } from "../support/rig.ts";

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

  test("is served while the upstream is away, however old, and the upstream is not asked at each request", async () => {
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

  test("that is gone upstream is gone here", async () => {
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
