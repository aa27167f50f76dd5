import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filesOn, host, OPEN_TEAM, pageIn, teamOf } from "../support/hosted.ts";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const WHEEL = "acme-1.0-py3-none-any.whl";
const METADATA = "Metadata-Version: 2.1\nName: acme\n";
const BYTES = new TextEncoder().encode("0123456789");

async function hosting(vars: Record<string, unknown> = OPEN_TEAM) {
  const rig = new Rig(vars);
  return { rig, hosted: await host("acme", WHEEL, { bytes: BYTES, metadata: METADATA }) };
}

describe("a hosted file", () => {
  test("is served as uploaded, immutable, from two reads of the database and one of the store", async () => {
    const { rig, hosted } = await hosting();
    rig.forget();
    const answer = await rig.get(`/team${hosted.path}`);
    expect([answer.status, answer.body]).toEqual([200, BYTES]);
    expect(rig.counts).toEqual({ "d1.prepare": 2, "r2.get": 1 });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "accept-ranges": "bytes",
      "cache-control": "public, max-age=31536000, immutable, no-transform",
      "cache-tag": "project-acme",
      "content-length": "10",
      "content-type": "application/octet-stream",
      etag: `"${hosted.sha256}"`,
      "last-modified": "Sun, 01 Nov 2026 10:00:00 GMT",
    });
  });

  test("is stored by the edge for a minute, and so is an upstream's: names become hosted, and files are deleted", async () => {
    const { rig, hosted } = await hosting();
    await rig.upstream.publish("demo", [{ filename: "demo-1.0.tar.gz", bytes: BYTES }]);
    for (const path of [hosted.path, `${hosted.path}.metadata`, filePath("demo-1.0.tar.gz")]) {
      const { status, headers } = await rig.get(`/team${path}`);
      expect([status, headers.get("Cloudflare-CDN-Cache-Control")]).toEqual([200, "public, max-age=60"]);
    }
  });

  test("has its .metadata, with a validator of its own", async () => {
    const { rig, hosted } = await hosting();
    const answer = await rig.get(`/team${hosted.path}.metadata`);
    expect([answer.status, answer.text()]).toEqual([200, METADATA]);
    expect(answer.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
    const advertised = (await pageIn(rig, "/team", "acme")).json?.files[0]?.["core-metadata"];
    expect(answer.headers.get("ETag")).toBe(`"${(advertised as { sha256: string }).sha256}"`);
    expect((await rig.get(`/team${hosted.path}.metadata`, { Range: "bytes=-5" })).text()).toBe("acme\n");
    const sdist = await host("acme", "acme-1.0.tar.gz");
    expect((await rig.get(`/team${sdist.path}.metadata`)).status).toBe(404);
  });

  test("answers HEAD without a read of the store", async () => {
    const { rig, hosted } = await hosting();
    rig.forget();
    const head = await rig.get(`/team${hosted.path}`, {}, "HEAD");
    expect([head.status, head.headers.get("Content-Length"), head.body.length]).toEqual([200, "10", 0]);
    expect(rig.counts).toEqual({ "d1.prepare": 2 });
  });

  test.each([
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-4", 206, "6789", "bytes 6-9/10"],
    ["bytes=0-99", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=0-1,3-4", 200, "0123456789", null],
  ])("answers %s with %d", async (range, status, body, contentRange) => {
    const { rig, hosted } = await hosting();
    const answer = await rig.get(`/team${hosted.path}`, { Range: range });
    expect([answer.status, answer.text(), answer.headers.get("Content-Range")]).toEqual([status, body, contentRange]);
    expect(/immutable/.test(answer.headers.get("Cache-Control") ?? "")).toBe(status !== 416);
  });

  test("is 304 for its ETag, and whole for If-Range with another", async () => {
    const { rig, hosted } = await hosting();
    const etag = `"${hosted.sha256}"`;
    const get = (headers: Record<string, string>) => rig.get(`/team${hosted.path}`, headers);
    expect((await get({ "If-None-Match": etag })).status).toBe(304);
    expect((await get({ Range: "bytes=0-1", "If-Range": etag })).status).toBe(206);
    expect((await get({ Range: "bytes=0-1", "If-Range": '"other"' })).status).toBe(200);
  });

  test.each([
    ["another digest", (path: string) => path.replace(/[0-9a-f]{64}/, "0".repeat(64))],
    ["a digest in capitals", (path: string) => path.replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase())],
    ["another name", (path: string) => path.replace("acme-1.0", "acme-1.1")],
    ["another spelling of its name", (path: string) => path.replace("acme-1.0", "Acme-1.0")],
    ["a folder more", (path: string) => path.replace("/-/", "/-/x/")],
    ["no digest", (path: string) => path.replace(/[0-9a-f]{64}\//, "")],
    ["another index", (path: string) => path.replace("/team/", "/")],
    ["an index beside it", (path: string) => path.replace("/team/", "/other/")],
  ])("is not given under %s, and no upstream is asked", async (_what, other) => {
    const { rig, hosted } = await hosting(teamOf({}, { other: { sources: ["pypi"], hosted: true, read: "anyone" } }));
    const answer = await rig.get(other(`/team${hosted.path}`));
    expect([answer.status, rig.upstream.requests]).toEqual([404, []]);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
  });

  test("is served in every spelling of its address", async () => {
    const { rig } = await hosting();
    const fork = await host("acme", "acme-1.0+fork1.tar.gz");
    for (const path of [fork.path, fork.path.replace("%2B", "+"), fork.path.replace("/-/", "/%2D/")]) {
      expect((await rig.get(`/team${path}`)).status).toBe(200);
    }
  });

  test("is not given once it has been deleted", async () => {
    const { rig, hosted } = await hosting();
    expect((await rig.get(`/team${hosted.path}`)).status).toBe(200);
    await host("acme", WHEEL, { bytes: BYTES, deleted: true });
    expect((await rig.get(`/team${hosted.path}`)).status).toBe(404);
    expect((await rig.get(`/team${hosted.path}.metadata`)).status).toBe(404);
    expect(filesOn(await pageIn(rig, "/team", "acme"))).toEqual([]);
  });

  test.each([
    ["cannot be read", (rig: Rig) => rig.breakOnce("r2.get")],
    ["is not in the store", (_rig: Rig, object: string) => env.FILES.delete([object, `${object}.metadata`])],
  ])("that %s is 503, and no absence", async (_what, broken) => {
    for (const suffix of ["", ".metadata"]) {
      const { rig, hosted } = await hosting();
      await broken(rig, hosted.object);
      const answer = await rig.get(`/team${hosted.path}${suffix}`);
      expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([503, "no-store"]);
      expect(answer.text()).toContain("cannot be read right now");
    }
  });
});

describe("an upstream's address that looks like a hosted file's", () => {
  test.each(["https://-/", "http://-/", "//-/", "https://user@-/"])(
    "(%s) is not listed, nor asked for",
    async (start) => {
      const { rig, hosted } = await hosting();
      const evil = "evil-1.0-py3-none-any.whl";
      await rig.upstream.publish("evil", [
        { filename: evil, bytes: BYTES, entry: { url: `${start}${hosted.sha256}/${evil}` } },
        { filename: "evil-1.1.tar.gz", bytes: BYTES },
      ]);
      expect(filesOn(await pageIn(rig, "/team", "evil"))).toEqual(["evil-1.1.tar.gz"]);
      rig.forget();
      for (const index of ["", "/team"]) {
        expect((await rig.get(`${index}/files/-/${hosted.sha256}/${evil}`)).status).toBe(404);
      }
      expect(rig.upstream.requests).toEqual([]);
      const file = `-/${hosted.sha256}/${evil}`;
      await rig.deliver([{ source: encodeURIComponent(FakeUpstream.INDEX), file, part: "file" }]);
      expect(rig.upstream.requests).toEqual([]);
    },
  );
});
