import { beforeEach, describe, expect, test } from "vitest";
import { DAY, HOUR } from "../../../worker/duration.ts";
import { filesOn } from "../../support/hosted.ts";
import { DEMO, file, HELD, NOW, OLD, withPolicy, YOUNG } from "../../support/guarded.ts";
import { uvLock } from "../../support/locked.ts";
import { filePath, JSON_TYPE, Rig, VARS, type PageJson } from "../../support/rig.ts";

const young = filePath(YOUNG.filename);

let rig: Rig;
beforeEach(async () => {
  rig = withPolicy({ min_age: "3d" });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
});

/** Status and reason phrase. */
async function refusalAt(path: string) {
  const { response, settled } = await rig.open(path);
  await response.arrayBuffer();
  await settled();
  return [response.status, response.statusText];
}

describe("a file that is too young", () => {
  test("is not on the page, and neither is its version", async () => {
    const page = await rig.page("demo");
    expect(filesOn(page)).toEqual([OLD.filename]);
    expect(page.json?.versions).toEqual(["1.0"]);
    expect(page.json?.meta).not.toHaveProperty("_last-serial");
    expect(page.headers.get("X-PyPI-Last-Serial")).toBe(`${rig.now}`);
    const html = await rig.get("/simple/demo/");
    expect(html.text()).toContain(OLD.filename);
    expect(html.text()).not.toContain(YOUNG.filename);
  });

  test.each([
    ["", "GET", {}],
    ["", "HEAD", {}],
    ["", "GET", { Range: "bytes=0-1" }],
    [".metadata", "GET", {}],
  ])("is refused at its address%s by %s %o, and is not fetched", async (ending, method, headers) => {
    const answer = await rig.get(young + ending, headers, method);
    expect(answer.status).toBe(403);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/problem+json",
      "x-pypi-edge-rule": "min-age",
      link: '</-/why/demo/2.0>; rel="help"',
      "cache-control": "no-store",
    });
    expect(answer.headers.has("Retry-After")).toBe(false);
    expect(answer.text()).toContain(method === "GET" ? HELD : "");
    expect(rig.upstream.requests.filter((request) => request.includes(YOUNG.filename))).toEqual([]);
  });

  test("has the sentence as the reason phrase, of 200 characters at most", async () => {
    expect(await refusalAt(young)).toEqual([403, HELD]);
    const filename = `demo-2.0-${"1".repeat(200)}-py3-none-any.whl`;
    await rig.upstream.publish("demo", [{ ...YOUNG, filename }]);
    rig.restart();
    rig.wait(HOUR);
    const [status, phrase] = await refusalAt(filePath(filename));
    expect([status, String(phrase).length]).toEqual([403, 200]);
  });

  test("is refused although it is stored", async () => {
    const open = new Rig();
    await open.upstream.publish("demo", [OLD, YOUNG], DEMO);
    expect((await open.get(young)).status).toBe(200);
    expect((await open.get(`${young}.metadata`)).status).toBe(200);
    rig.upstream.down = true;
    for (const ending of ["", ".metadata"]) expect((await rig.get(young + ending)).status).toBe(403);
  });

  test("appears when its time has come, and the page says until then how long it is good", async () => {
    rig.wait(2 * DAY - 20_000);
    const before = await rig.page("demo");
    expect(before.headers.get("Cache-Control")).toBe("public, max-age=20, no-transform");
    const etag = before.headers.get("ETag") ?? "";
    expect((await rig.get("/simple/demo/", { Accept: JSON_TYPE, "If-None-Match": etag })).status).toBe(304);
    rig.wait(20_000);
    const after = await rig.get("/simple/demo/", { Accept: JSON_TYPE, "If-None-Match": etag });
    expect(after.status).toBe(200);
    expect((JSON.parse(after.text()) as PageJson).files).toHaveLength(2);
    expect(after.headers.get("Cache-Control")).toBe("public, max-age=60, no-transform");
    expect((await rig.get(young)).status).toBe(200);
  });

  test("is not in the JSON, which describes the newest release that is admitted", async () => {
    const json = (version: string) => ({
      info: { name: "demo", version, summary: `of ${version}` },
      last_serial: 7,
      releases: { "1.0": [{ filename: OLD.filename }], "2.0": [{ filename: YOUNG.filename }] },
      urls: [{ filename: version === "1.0" ? OLD.filename : YOUNG.filename }],
    });
    for (const [path, version] of [
      ["", "2.0"],
      ["/1.0", "1.0"],
      ["/2.0", "2.0"],
    ] as const) {
      rig.upstream.on(`https://upstream.test/pypi/demo${path}/json`, () => Response.json(json(version)));
    }
    const answer = JSON.parse((await rig.get("/pypi/demo/json")).text()) as Record<string, unknown>;
    expect(answer).toMatchObject({ info: { version: "1.0", summary: "of 1.0" }, urls: [{ filename: OLD.filename }] });
    expect(answer["releases"]).toEqual({ "1.0": [expect.objectContaining({ filename: OLD.filename })] });
    expect(answer["last_serial"]).toBe(rig.now);
    expect((await rig.get("/pypi/demo/2.0/json")).status).toBe(404);
    rig.wait(2 * DAY);
    expect((await rig.get("/pypi/demo/json")).text()).toContain("of 2.0");
  });

  test("keeps a lock that names it from being stored beforehand", async () => {
    const lock = await uvLock([{ name: "demo", files: [YOUNG] }]);
    const answer = await rig.post("warm?filename=uv.lock", lock);
    expect([answer.status, answer.text()]).toEqual([422, expect.stringContaining("demo")]);
    expect(rig.queue.messages).toEqual([]);
  });
});

test("a project of which every file is refused is 451, with title and detail", async () => {
  await rig.upstream.publish("demo", [YOUNG]);
  const answer = await rig.get("/simple/demo/", { Accept: JSON_TYPE });
  expect(answer.status).toBe(451);
  expect(JSON.parse(answer.text())).toMatchObject({
    title: "Refused by the index's policy",
    detail: `Every file of demo is refused. ${HELD}`,
  });
  expect(answer.headers.get("Link")).toBe('</-/why/demo>; rel="help"');
  expect(answer.headers.get("X-Pypi-Edge-Rule")).toBe("min-age");
  expect(answer.headers.has("Retry-After")).toBe(false);
  // A mirror, which asks for nothing else of what is listed, would stop at an error.
  const json = await rig.get("/pypi/demo/json");
  expect([json.status, JSON.parse(json.text())]).toMatchObject([200, { releases: {}, urls: [] }]);
});

test("a project without files is not refused", async () => {
  await rig.upstream.publish("demo", []);
  expect((await rig.page("demo")).status).toBe(200);
});

describe("the time of an upload", () => {
  test.each(["hold", "allow"] as const)(
    "counts as unknown where the upstream does not give it: %s",
    async (unknown) => {
      rig = withPolicy({ min_age: "3d", unknown_time: unknown });
      const undated = { ...file("3.0", undefined), lastModified: "Thu, 01 Jan 2026 00:00:00 GMT" };
      await rig.upstream.publish("demo", [OLD, undated]);
      // Another index stores it: its Last-Modified is then on the page.
      const open = new Rig();
      await open.upstream.publish("demo", [OLD, undated]);
      await open.get(filePath(undated.filename));
      open.wait(HOUR);
      await open.page("demo");
      const isListed = filesOn(await rig.page("demo"))?.includes(undated.filename);
      const { status } = await rig.get(filePath(undated.filename));
      expect([isListed, status]).toEqual(unknown === "hold" ? [false, 403] : [true, 200]);
    },
  );

  test.each([
    ["allow", "hold", [true, 200, 200]],
    ["hold", "allow", [false, 403, 403]],
  ] as const)("counts as its upstream says (%s) before the policy (%s)", async (own, general, expected) => {
    const { UPSTREAMS } = VARS;
    const [name = "", upstream] = Object.entries(UPSTREAMS)[0] ?? [];
    const policy = { min_age: "3d", unknown_time: general };
    rig = new Rig({
      UPSTREAMS: { [name]: { ...upstream, unknown_time: own } },
      INDEXES: { default: { sources: [name], policy }, open: { sources: [name] } },
    });
    const undated = file("3.0", undefined);
    await rig.upstream.publish("demo", [OLD, undated]);
    const path = filePath(undated.filename);
    const isListed = filesOn(await rig.page("demo"))?.includes(undated.filename);
    const cold = (await rig.get(path)).status;
    expect((await rig.get(`/open${path}`)).status).toBe(200);
    rig.restart();
    expect([isListed, cold, (await rig.get(path)).status]).toEqual(expected);
    expect((await rig.get("/-/why/demo/3.0")).text()).toContain(own === "hold" ? '"refused"' : '"admitted"');
  });

  test("is stored with the file: a guarded one costs one read, one of its lists, and nothing of the upstream", async () => {
    const old = filePath(OLD.filename);
    await rig.get(old);
    rig.restart();
    rig.forget();
    rig.upstream.down = true;
    expect((await rig.get(old)).status).toBe(200);
    expect([rig.counts, rig.upstream.requests]).toEqual([{ "d1.prepare": 1, "r2.get": 1 }, []]);
  });

  test("is read from the page where an earlier version stored the file without it", async () => {
    const { env } = await import("cloudflare:workers");
    const open = new Rig();
    await open.upstream.publish("demo", [OLD, YOUNG], DEMO);
    for (const each of [OLD, YOUNG]) await open.get(filePath(each.filename));
    for (const { key } of (await env.FILES.list()).objects) {
      const object = await env.FILES.get(key);
      const { uploadedAt: _, ...customMetadata } = object?.customMetadata ?? {};
      await env.FILES.put(key, await (object?.arrayBuffer() ?? ""), { customMetadata });
    }
    expect((await rig.get(filePath(OLD.filename))).status).toBe(200);
    expect((await rig.get(young)).status).toBe(403);
    const lenient = withPolicy({ min_age: "3d", unknown_time: "allow" });
    await lenient.upstream.publish("demo", [OLD, YOUNG], DEMO);
    expect((await lenient.get(young)).status).toBe(403);
  });
});

describe("warn", () => {
  test("marks a file as yanked, with the rule's sentence, and serves it", async () => {
    rig = withPolicy({ min_age: "3d", modes: { min_age: "warn" } });
    await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
    const { json } = await rig.page("demo");
    expect(json?.files.map(({ yanked }) => yanked)).toEqual([
      false,
      HELD.replace("is held until", "should not be used until"),
    ]);
    expect(json?.versions).toEqual(["1.0", "2.0"]);
    expect((await rig.get(young)).status).toBe(200);
    rig.wait(2 * DAY);
    expect((await rig.page("demo")).json?.files.map(({ yanked }) => yanked)).toEqual([false, false]);
  });

  test("leaves the upstream's own reason", async () => {
    rig = withPolicy({ yanked: "warn" });
    await rig.upstream.publish("demo", [file("1.0", NOW, { yanked: "broken" })]);
    expect((await rig.page("demo")).json?.files[0]?.["yanked"]).toBe("broken");
  });
});

test("audit changes nothing, and is counted", async () => {
  rig = withPolicy({ min_age: "3d", modes: { min_age: "audit" } }, { METRICS: "open" });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  const open = new Rig();
  await open.upstream.publish("demo", [OLD, YOUNG], DEMO);
  const [own, other] = [await rig.page("demo"), await open.page("demo")];
  expect([own.text(), own.headers.get("ETag")]).toEqual([other.text(), other.headers.get("ETag")]);
  expect((await rig.get(young)).status).toBe(200);
  expect((await rig.get("/-/metrics")).text()).toContain(
    'pypi_edge_policy_verdicts_total{mode="audit",rule="min-age"} 1',
  );
});

test("a page of which nothing is refused is sent as it is stored", async () => {
  rig = withPolicy({ deny: ["other"] });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  const first = await rig.page("demo");
  expect(first.json?.meta).toMatchObject({ "_last-serial": 7 });
  expect((await rig.page("demo")).text()).toBe(first.text());
});

test("what one index refuses, another lists and serves from the same stores", async () => {
  const INDEXES = { default: { sources: ["pypi"] }, slow: { sources: ["default"], policy: { min_age: "3d" } } };
  rig = new Rig({ INDEXES });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  for (let turn = 0; turn < 2; turn++) {
    const slow = await rig.get("/slow/simple/demo/", { Accept: JSON_TYPE });
    expect((JSON.parse(slow.text()) as PageJson).files).toHaveLength(1);
    expect((await rig.page("demo")).json?.files).toHaveLength(2);
    expect((await rig.get(`/slow${young}`)).status).toBe(403);
    expect((await rig.get(young)).status).toBe(200);
  }
});

test("an upstream's failure is never a verdict", async () => {
  rig.upstream.down = true;
  expect((await rig.get("/simple/demo/")).status).toBe(503);
  expect((await rig.get(young)).status).toBe(503);
});

test("Cloudflare's cache forgets a guarded index's files soon, and no other's", async () => {
  const old = filePath(OLD.filename);
  expect((await rig.get(old)).headers.get("Cloudflare-CDN-Cache-Control")).toBe("public, max-age=60");
  const open = new Rig();
  expect((await open.get(old)).headers.has("Cloudflare-CDN-Cache-Control")).toBe(false);
});

test("a page that is judged for the first time while the upstream is away says since when it is", async () => {
  const INDEXES = { default: { sources: ["pypi"] }, slow: { sources: ["default"], policy: { min_age: "3d" } } };
  rig = new Rig({ INDEXES });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  await rig.page("demo");
  rig.wait(HOUR);
  rig.upstream.down = true;
  await rig.page("demo");
  const since = `${rig.now}`;
  for (let turn = 0; turn < 2; turn++) {
    rig.wait(10_000);
    const page = await rig.get("/slow/simple/demo/", { Accept: JSON_TYPE });
    expect(page.headers.get("X-PyPI-Last-Serial")).toBe(since);
  }
});
