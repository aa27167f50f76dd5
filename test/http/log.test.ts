import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { subjectOf } from "../../worker/http/subject.ts";
import { logAs } from "../../worker/log/log.ts";
import { deliver } from "../support/queue.ts";
import { filePath, Rig } from "../support/rig.ts";
import { wheelOf } from "../support/swept.ts";

type Line = Record<string, unknown>;

let written: string[];
beforeEach(() => {
  written = [];
  for (const method of ["log", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => void written.push(args.map(String).join(" ")));
  }
});
afterEach(() => vi.restoreAllMocks());

const lines = () => written.map((line) => JSON.parse(line) as Line);

const logging = (vars: Record<string, unknown> = {}) => new Rig({ LOG: "requests", LOG_FORMAT: "json", ...vars });

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

describe("a line about a request", () => {
  test("has index, project, layer, status, bytes, and the time here and upstream", async () => {
    const rig = logging();
    const { upstream } = rig;
    const wheel = wheelOf("demo");
    await upstream.publish("demo", [wheel]);
    const page = await rig.get("/simple/demo/");
    await rig.get("/simple/demo/");
    await rig.get(filePath(wheel.filename));
    await rig.get(filePath(wheel.filename), {}, "HEAD");
    const common = { level: "info", time: "2026-11-22T12:00:00.000Z", index: "default", project: "demo", status: 200 };
    const also = { requestId: expect.stringMatching(UUID), ms: 0, upstreamMs: 0 };
    expect(lines()).toEqual([
      {
        ...common,
        ...also,
        request: "GET /simple/demo/",
        layer: "upstream",
        requestId: page.headers.get("X-Request-Id"),
      },
      { ...common, ...also, request: "GET /simple/demo/", layer: "memory" },
      { ...common, ...also, request: `GET ${filePath(wheel.filename)}`, layer: "upstream", bytes: 1_000 },
      { ...common, ...also, request: `HEAD ${filePath(wheel.filename)}`, layer: "r2" },
    ]);
  });

  test("counts the time that the upstream took, not what it took of other requests, or at once", async () => {
    const rig = logging();
    await rig.upstream.publish("slow", []);
    await rig.upstream.publish("demo", []);
    const answer = () => new Response(JSON.stringify({ meta: { "api-version": "1.0" }, name: "slow", files: [] }));
    rig.upstream.on("https://upstream.test/simple/slow/", () => {
      rig.wait(700);
      return answer();
    });
    await rig.get("/simple/slow/");
    await rig.get("/simple/demo/");
    expect(lines().map(({ project, ms, upstreamMs }) => [project, ms, upstreamMs])).toEqual([
      ["slow", 700, 700],
      ["demo", 0, 0],
    ]);
  });

  test("is what it was where people read it", async () => {
    const rig = logging({ LOG_FORMAT: "text" });
    await rig.upstream.publish("demo", []);
    await rig.get("/simple/demo/");
    await rig.get("/-/nothing");
    expect(written).toEqual([
      "2026-11-22T12:00:00.000Z GET /simple/demo/ 200 0 ms (fwd=miss)",
      "2026-11-22T12:00:00.000Z GET /-/nothing 404 0 ms (-)",
    ]);
  });
});

test("a deployment without LOG_FORMAT logs JSON", async () => {
  const rig = new Rig({ LOG: "requests", LOG_FORMAT: undefined });
  await rig.get("/-/nothing");
  expect(lines()).toMatchObject([{ request: "GET /-/nothing", status: 404 }]);
});

describe("a request's id", () => {
  const RAY = "8f2b1c3d4e5f6a7b-FRA";

  test("is Cloudflare's, in the answer and in each line, also of what happens behind the answer", async () => {
    const rig = logging();
    rig.upstream.down = true;
    const { headers } = await rig.get("/simple/demo/", { "CF-Ray": RAY });
    expect(headers.get("X-Request-Id")).toBe(RAY);
    await rig.upstream.publish("kept", []);
    rig.upstream.down = false;
    rig.restart();
    rig.breakOnce("kv.put");
    written = [];
    await rig.get("/simple/kept/", { "CF-Ray": RAY });
    expect(lines().map(({ event, request, requestId, project }) => [event ?? request, requestId, project])).toEqual([
      ["work-failed", RAY, "kept"],
      ["GET /simple/kept/", RAY, "kept"],
    ]);
  });

  test.each(["", "x", "8f2b1c3d4e5f6a7b-fra", "pypi-edge_0123456789abcdef_secret", "8f2b1c3d4e5f6a7b-FRA; x"])(
    "is made where CF-Ray is %j",
    async (ray) => {
      const { headers } = await logging().get("/-/nothing", { "CF-Ray": ray });
      expect(headers.get("X-Request-Id")).toMatch(UUID);
      expect(lines()).toMatchObject([{ requestId: headers.get("X-Request-Id") }]);
    },
  );

  test("is another one for each request, and on each kind of answer", async () => {
    const rig = logging();
    rig.upstream.down = true;
    const paths = ["/", "/-/health", "/-/metrics", "/-/api/jobs/feed", "/simple/demo/", "/simple/Demo/", "/nothing"];
    const answers = [];
    for (const path of paths) answers.push(await rig.get(path));
    const ids = answers.map(({ headers }) => headers.get("X-Request-Id"));
    expect(ids.filter((id) => UUID.test(id ?? ""))).toHaveLength(paths.length);
    expect(new Set(ids).size).toBe(paths.length);
  });
});

test("an answer of 503 and an event are one object each, with the reason", async () => {
  const rig = logging({ LOG: "problems" });
  rig.upstream.down = true;
  await rig.get("/simple/demo/");
  expect(lines()).toMatchObject([
    { level: "warn", request: "GET /simple/demo/", status: 503, reason: expect.stringContaining("upstream.test") },
  ]);
  written = [];
  await deliver("pypi-edge-fills", [{ nonsense: true }], rig.services, rig.now, 1, logAs("json"));
  expect(lines()).toMatchObject([
    { level: "warn", event: "fill-dropped", what: expect.any(String), reason: expect.any(String) },
  ]);
});

test("a defect is logged with its stack, in one line of JSON, and answered without it", async () => {
  const rig = logging({ LOG: "problems" });
  vi.spyOn(rig.services.auditLog, "read").mockImplementation(() => {
    throw new TypeError("a defect");
  });
  const { status, text } = await rig.get("/-/api/audit", { Authorization: "Bearer a-token-for-the-tests" });
  expect([status, text()]).toEqual([500, expect.not.stringContaining("a defect")]);
  expect(lines()).toEqual([
    expect.objectContaining({ level: "error", status: 500, reason: "a defect", stack: expect.stringContaining("\n") }),
  ]);
});

describe("what clients and upstreams wrote", () => {
  const TOKEN = `pypi-edge_0123456789abcdef_${"Zt".repeat(21)}Z`;

  const evil = `${TOKEN}\u001b[2J\u202e\n"}`;

  test.each(["json", "text"] as const)("shows no token and no control character as %s", (format) => {
    const fields = { event: "auth-failed", what: evil, reason: evil, project: TOKEN.toLowerCase() } as const;
    logAs(format)("warn", fields, `auth-failed: ${evil}`);
    expect(written).toEqual([expect.not.stringMatching(/ZtZt|ztzt|[\p{Cc}\u202e]/u)]);
  });

  test("is in a field of JSON as it was, but for the token", () => {
    logAs("json")("warn", { event: "auth-failed", what: evil, reason: "" }, "");
    expect(lines()[0]?.["what"]).toBe('pypi-edge_0123456789abcdef_…\u001b[2J\u202e\n"}');
  });

  test.each(["json", "text"] as const)("shows no token in a stack as %s", (format) => {
    const { stack } = new Error(evil);
    logAs(format)("error", { request: "GET /", status: 500, reason: evil, stack }, "internal error at GET /:");
    expect(written.join("\n")).not.toMatch(/ZtZt/);
    expect(written).toHaveLength(1);
  });
});

describe("the subject of a path", () => {
  const NAMES = ["default", "team"];

  test.each([
    ["/", { index: "default" }],
    ["/simple/", { index: "default" }],
    ["/simple/Acme_Tools/", { index: "default", project: "acme-tools" }],
    ["/team", { index: "team" }],
    ["/team/simple/demo/", { index: "team", project: "demo" }],
    ["/team/legacy/", { index: "team" }],
    ["/team/find-links/demo/", { index: "team", project: "demo" }],
    ["/pypi/demo/1.0/json", { index: "default", project: "demo" }],
    ["/integrity/demo/1.0/demo-1.0.tar.gz/provenance", { index: "default", project: "demo" }],
    ["/files/host.test/a/b/c/d/e/f/g/acme_tools-1.0-py3-none-any.whl", { index: "default", project: "acme-tools" }],
    ["/team/files/host.test/a/acme_tools-1.0-py3-none-any.whl.metadata", { index: "team", project: "acme-tools" }],
    ["/packages/aa/bb/demo%2D1.0.tar.gz", { index: "default", project: "demo" }],
    ["/packages/aa/%", { index: "default" }],
    ["/-/api/indexes/team/projects/demo/1.0/yank", { index: "team", project: "demo" }],
    ["/-/api/indexes/other/projects/demo/1.0/yank", {}],
    ["/-/health", {}],
    ["/other/simple/demo/", {}],
    ["/simple/%2e%2e/", { index: "default" }],
  ])("%s is %j", (path, subject) => {
    expect(subjectOf(path, NAMES)).toEqual(subject);
  });
});
