import { beforeEach, describe, expect, test } from "vitest";
import { readView } from "../../schema/view.ts";
import { DAY } from "../../worker/duration.ts";
import { DEMO, file, NOW, OLD, YOUNG } from "../support/guarded.ts";
import { filesOn, host, OPEN_TEAM, pageIn, READER, TEAM } from "../support/hosted.ts";
import { uvLock } from "../support/locked.ts";
import { ADMIN_TOKEN, filePath, JSON_TYPE, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

/** Of `OLD` and `YOUNG` this one has the first. */
const VIEW = "/@before=2026-11-01";

let rig: Rig;
beforeEach(async () => {
  rig = new Rig(OPEN_TEAM);
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  const { filename } = OLD;
  const urls = [{ filename, url: `https://files.upstream.test/packages/${filename}` }];
  const json = { info: { version: "2.0" }, releases: { "1.0": urls }, urls };
  rig.upstream.on("https://upstream.test/pypi/demo/json", () => Response.json(json));
  rig.upstream.on("https://upstream.test/pypi/demo/1.0/json", () =>
    Response.json({ ...json, info: { version: "1.0" } }),
  );
});

const allowed = (path: string) => path.replace("YOUNG", OLD.filename).replace("2.0", "1.0");

describe.each(["", "/team"])("a view of the index at %s/", (base) => {
  test.each([
    ["GET", "/files/files.upstream.test/packages/YOUNG", {}],
    ["HEAD", "/files/files.upstream.test/packages/YOUNG", {}],
    ["GET", "/files/files.upstream.test/packages/YOUNG", { Range: "bytes=0-3" }],
    ["GET", "/files/files.upstream.test/packages/YOUNG.metadata", {}],
    ["GET", "/packages/YOUNG", {}],
    ["GET", "/pypi/demo/2.0/json", {}],
  ])("refuses what it leaves out, and has the rest: %s %s %o", async (method, path, headers) => {
    const refused = await rig.get(base + VIEW + path.replace("YOUNG", YOUNG.filename), headers, method);
    expect(refused.status).toBe(path.startsWith("/pypi/") ? 404 : 403);
    expect((await rig.get(base + VIEW + allowed(path), headers, method)).status).toBe("Range" in headers ? 206 : 200);
    expect(rig.upstream.requests.filter((request) => request.includes(YOUNG.filename))).toEqual([]);
  });

  test("has pages whose addresses lead to its own files", async () => {
    const page = await pageIn(rig, base + VIEW, "demo");
    expect(filesOn(page)).toEqual([OLD.filename]);
    expect(page.json?.versions).toEqual(["1.0"]);
    const at = `https://edge.test${base}${VIEW}`;
    expect(page.json?.files.map(({ url }) => new URL(String(url), `${at}/simple/demo/`).href)).toEqual([
      at + filePath(OLD.filename),
    ]);
    const html = (await rig.get(`${base + VIEW}/simple/demo/`)).text();
    expect([html.includes(OLD.filename), html.includes(YOUNG.filename)]).toEqual([true, false]);
    const answer = (await rig.get(`${base + VIEW}/pypi/demo/json`)).text();
    const { info, urls } = JSON.parse(answer) as { info: unknown; urls: { url: string }[] };
    expect(info).toMatchObject({ version: "1.0" });
    const addresses = urls.map(({ url }) => new URL(url).pathname);
    const index = base === "" ? "/default" : base;
    expect(addresses).toEqual([`/packages/-${index}${VIEW}/files.upstream.test/packages/${OLD.filename}`]);
    expect((await rig.get(addresses[0] ?? "")).status).toBe(200);
  });

  test("explains what it leaves out", async () => {
    const why = await rig.get(`${base + VIEW}/-/why/demo`);
    const index = base === "" ? "default" : "team";
    expect(JSON.parse(why.text())).toMatchObject({
      index,
      files: [
        { filename: OLD.filename, verdict: "admitted" },
        {
          filename: YOUNG.filename,
          verdict: "refused",
          rules: [{ rule: "before", index: `${index}/@before=2026-11-01` }],
        },
      ],
    });
  });

  test("has its own root, redirects within itself, and nothing else", async () => {
    rig.upstream.on(FakeUpstream.INDEX, () =>
      Response.json({ meta: {}, projects: [{ name: "demo" }] }, { headers: { "Content-Type": JSON_TYPE } }),
    );
    expect((await rig.get(`${base + VIEW}/simple/`)).text()).toContain("demo");
    expect((await rig.get(`${base + VIEW}/`)).text()).toContain(`${base + VIEW}/simple/`);
    const other = await rig.get(`${base + VIEW}//simple//Demo`);
    expect([other.status, other.headers.get("Location")]).toEqual([302, expect.stringMatching(/\/simple\/demo\/$/)]);
    expect((await rig.get(`${base + VIEW}/nothing`)).status).toBe(404);
    expect((await rig.get(`${base + VIEW}/-/api/tokens`, READER)).status).toBe(404);
  });

  test("takes no upload", async () => {
    const answer = await rig.open(`${base + VIEW}/legacy/`, { method: "POST", body: "x" });
    expect([answer.response.status, await answer.response.text()]).toEqual([
      405,
      expect.stringContaining(base === "" ? "A view is only read." : "Upload to /team/legacy/, without the view."),
    ]);
    await answer.settled();
  });

  test("warms what it has", async () => {
    const warm = async (files: (typeof OLD)[]) =>
      rig.open(`${base + VIEW}/-/api/warm?filename=uv.lock`, {
        method: "POST",
        body: await uvLock([{ name: "demo", files }]),
        headers: { Authorization: `Bearer ${ADMIN_TOKEN}` },
      });
    const refused = await warm([YOUNG]);
    expect(refused.response.status).toBe(422);
    await refused.settled();
    const { response, settled } = await warm([OLD]);
    rig.meanwhile = () => rig.deliver();
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('"stored"')]);
    await settled();
  });
});

test.each([
  ["/@pre=no,age=7d/simple/demo/", "../../../@age=7d,pre=no/simple/demo/"],
  ["/@age=P1W/simple/demo/?format=x", "../../../@age=7d/simple/demo/?format=x"],
  ["/team/@yanked=no,before=2026-01-01/", "../../team/@before=2026-01-01,yanked=no/"],
])("%s is redirected for good to its one spelling", async (path, to) => {
  const answer = await rig.get(path);
  expect([answer.status, answer.headers.get("Location")]).toEqual([301, to]);
  const posted = await rig.open(path.replace("simple/demo/", "-/api/warm"), { method: "POST" });
  expect(posted.response.status).toBe(308);
  await posted.settled();
});

test("a view's page has a validator of its own, and its root a final slash", async () => {
  const ask = (base: string, etag: string) =>
    rig.get(`${base}/simple/demo/`, { Accept: JSON_TYPE, ...(etag && { "If-None-Match": etag }) });
  const etags = [(await ask("", "")).headers.get("ETag") ?? "", (await ask(VIEW, "")).headers.get("ETag") ?? ""];
  expect(new Set(etags).size).toBe(2);
  expect([(await ask(VIEW, etags[1] ?? "")).status, (await ask(VIEW, etags[0] ?? "")).status]).toEqual([304, 200]);
  const root = await rig.get(`/team${VIEW}`);
  expect([root.status, root.headers.get("Location")]).toEqual([302, `../team${VIEW}/`]);
  expect((await rig.get(`/none${VIEW}/simple/demo/`)).status).toBe(404);
});

test("a view is the same where its characters are escaped, as pip escapes them", async () => {
  expect((await rig.get(`/@before%3D2026-11-01%2Cpre%3Dno${filePath(OLD.filename)}`)).status).toBe(200);
  expect((await rig.get(`/team/%40before%3D2026-11-01${filePath(YOUNG.filename)}`)).status).toBe(403);
});

test.each([
  "@",
  "@x",
  "@age",
  "@age=",
  "@age=0d",
  "@age=30h",
  "@age=366d",
  "@age=7d,age=8d",
  "@age=7d,before=2026-01-01",
  "@before=2026-13-01",
  "@before=2026-11-23",
  "@before=2002-01-01",
  "@before=2026-01-01T00:00:00Z",
  "@pre=yes",
  "@pre=no,",
  "@age=7d%2e%2e%2f",
  "@%ff",
])("%s is no view: 400 with a sentence", async (segment) => {
  const answer = await rig.get(`/${segment}/simple/demo/`);
  expect([answer.status, answer.text()]).toEqual([400, expect.stringMatching(/view/)]);
});

test("there are so many views that a cache can have all: dates and ages are in days, and there is one of the two", () => {
  const days = Math.floor((NOW - Date.parse("2003-01-01")) / DAY) + 1;
  expect(days + 365).toBeLessThan(10_000);
  expect(readView("@before=2026-11-22,pre=no,yanked=no", NOW)).toEqual({
    segment: "@before=2026-11-22,pre=no,yanked=no",
    before: Date.parse("2026-11-22"),
    hidesPrereleases: true,
    hidesYanked: true,
  });
});

test("a view has the same next year, whatever is published and hosted meanwhile", async () => {
  await host("parcel", "parcel-1.0-py3-none-any.whl", { uploadedAt: NOW - 30 * DAY });
  const hosted = () => pageIn(rig, `/team${VIEW}`, "parcel");
  const before = [await pageIn(rig, VIEW, "demo"), await hosted()];
  rig.wait(365 * DAY);
  await rig.upstream.publish("demo", [OLD, YOUNG, file("3.0", rig.now - 9 * DAY)]);
  const late = await host("parcel", "parcel-2.0-py3-none-any.whl", { uploadedAt: rig.now - 9 * DAY });
  const after = [await pageIn(rig, VIEW, "demo"), await hosted()];
  expect(after.map(filesOn)).toEqual([[OLD.filename], ["parcel-1.0-py3-none-any.whl"]]);
  expect(after.map(filesOn)).toEqual(before.map(filesOn));
  expect((await rig.get(`/team${VIEW}${late.path}`)).status).toBe(403);
  expect((await rig.get(`/team${late.path}`)).status).toBe(200);
});

test("a view narrows what its index admits, and nothing else", async () => {
  rig = new Rig({
    INDEXES: { default: { sources: ["pypi"], policy: { deny: ["demo<2"], prerelease: "enforce" } } },
  });
  await rig.upstream.publish("demo", [OLD, YOUNG, file("2.1rc1", NOW - 2 * DAY), file("2.2", NOW - 60_000)]);
  expect(filesOn(await pageIn(rig, "/@age=1d", "demo"))).toEqual([YOUNG.filename]);
  expect((await rig.get(`/@age=1d${filePath(OLD.filename)}`)).text()).toContain("denies demo<2");
  expect(filesOn(await pageIn(rig, "", "demo"))).toHaveLength(2);
});

test("a view of a private index needs its token", async () => {
  rig = new Rig(TEAM);
  await rig.upstream.publish("demo", [OLD, YOUNG]);
  expect((await rig.get(`/team${VIEW}/simple/demo/`)).status).toBe(401);
  const read = await rig.get(`/team${VIEW}/simple/demo/`, READER);
  expect([read.status, read.headers.get("Cache-Control")]).toEqual([200, "private, no-cache"]);
});

test("the edge keeps a view's files for a minute, and pages of other origins may read it", async () => {
  const answer = await rig.get(`${VIEW}${filePath(OLD.filename)}`);
  expect(answer.headers.get("Cloudflare-CDN-Cache-Control")).toBe("public, max-age=60");
  expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("*");
  rig.wait(DAY);
  expect((await rig.get("/-/metrics", READER)).text()).toMatch(/requests_total\{[^}]*family="files"/);
});
