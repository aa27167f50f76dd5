import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { bare, METADATA, METADATA_PATH, NAME, PAGE, published, TEN_MINUTES, WHEEL } from "../support/bare.ts";
import { filePath, type Rig } from "../support/rig.ts";
import { demoWheel } from "../support/wheel.ts";

const PATH = filePath(NAME);
const SDIST = "demo-1.0.tar.gz";
const stored = async () => (await env.FILES.list()).objects.map(({ key }) => key.slice(key.lastIndexOf("/") + 1));
const rows = async () => (await env.DB.prepare("SELECT key FROM object").all()).results;

/** The upstream's page from now on says this of `demo`, and lists these files. */
async function status(rig: Rig, said: Record<string, string> | undefined, ...files: ReturnType<typeof bare>[]) {
  await rig.upstream.publish("demo", files, said && { "project-status": said });
  rig.wait(TEN_MINUTES);
}

const QUARANTINED = { status: "quarantined", reason: "malware" };

/** An index that has the wheel and its metadata stored, before the upstream quarantined the project. */
async function seized(...files: ReturnType<typeof bare>[]) {
  const rig = await published({ metadata: METADATA });
  for (const path of [PATH, METADATA_PATH]) await rig.get(path);
  await status(rig, QUARANTINED, ...files);
  return rig;
}

async function refused(rig: Rig, path: string) {
  const { status: answered, headers, text } = await rig.get(path);
  return [answered, headers.get("Cache-Control"), text().startsWith("demo is quarantined by its upstream (malware): ")];
}
const REFUSED = [403, "no-store", true];

describe("a project that the upstream has quarantined", () => {
  test("has none of its files given once its page was fetched, stored or not", async () => {
    const rig = await seized();
    const page = await rig.page("demo");
    expect([page.status, page.json]).toMatchObject([200, { "project-status": QUARANTINED, files: [] }]);
    for (const path of [PATH, METADATA_PATH, filePath(SDIST), `${filePath(NAME)}?x=1`]) {
      expect(await refused(rig, path), path).toEqual(REFUSED);
    }
    expect([await stored(), await rows()]).toEqual([[], []]);
  });

  test("has its files taken from the page of an upstream that goes on listing them", async () => {
    const rig = await seized(bare(NAME, WHEEL, { metadata: METADATA }));
    expect((await rig.page("demo")).json?.files).toEqual([]);
    expect(await refused(rig, PATH)).toEqual(REFUSED);
    expect((await rig.get("/simple/demo/", { Accept: "text/html" })).text()).not.toContain("<a ");
  });

  test("may say so in HTML", async () => {
    const rig = await seized();
    const metas = ["repository-version=1.4", "project-status=quarantined", "project-status-reason=malware"]
      .map((meta) => meta.split("="))
      .map(([name, content]) => `<meta name="pypi:${name}" content="${content}">`);
    rig.upstream.on(PAGE, () => {
      const headers = { "Content-Type": "text/html" };
      return new Response(`<!DOCTYPE html><html><head>${metas.join("")}</head><body></body></html>`, { headers });
    });
    await rig.page("demo");
    expect(await refused(rig, PATH)).toEqual(REFUSED);
  });

  test("has small files given from no memory of the isolate that has seen it, nor of a new one", async () => {
    const rig = await published({ bytes: await demoWheel(100), metadata: METADATA });
    for (const _ of ["cold", "stored", "in memory"]) await rig.get(PATH);
    await status(rig, QUARANTINED);
    await rig.page("demo");
    expect(await refused(rig, PATH)).toEqual(REFUSED);
    rig.restart();
    expect(await refused(rig, PATH)).toEqual(REFUSED);
  });

  test("has nothing deleted of others, nor of projects whose names begin alike", async () => {
    const rig = await seized();
    await rig.upstream.publish("demo-2", [bare("demo_2-1.0-py3-none-any.whl", WHEEL)]);
    await rig.get(filePath("demo_2-1.0-py3-none-any.whl"));
    await rig.page("demo");
    expect(await stored()).toEqual(["demo_2-1.0-py3-none-any.whl"]);
  });

  test("has its files back once the upstream has lifted that", async () => {
    const rig = await seized();
    await rig.page("demo");
    await status(rig, undefined, bare(NAME, WHEEL, { metadata: METADATA }));
    expect((await rig.get(PATH)).body).toEqual(WHEEL);
  });

  test("has what was on its way into the store deleted when its page is next checked", async () => {
    const rig = await seized();
    await rig.page("demo");
    const key = `file/${encodeURIComponent("https://upstream.test/simple/")}/files.upstream.test/packages/${NAME}`;
    await env.FILES.put(key, WHEEL, { customMetadata: { project: "demo" } });
    const sql = "INSERT INTO object (key, source, project, size, used_at, known_at) VALUES (?1, ?2, 'demo', 1, ?3, ?3)";
    await env.DB.prepare(sql).bind(key, encodeURIComponent("https://upstream.test/simple/"), rig.now).run();
    rig.wait(TEN_MINUTES);
    await rig.page("demo");
    expect(await refused(rig, PATH)).toEqual(REFUSED);
  });

  test("shows no page while its files cannot be deleted, and is tried again", async () => {
    const rig = await seized();
    rig.breakOnce("r2.delete");
    expect((await rig.page("demo")).status).toBe(503);
    expect((await rig.page("demo")).status).toBe(200);
    expect(await refused(rig, PATH)).toEqual(REFUSED);
  });

  test("costs one read of the database more than another when its page is checked", async () => {
    const reads = async (word: string) => {
      const rig = await published();
      await status(rig, { status: word });
      await rig.page("demo");
      rig.wait(TEN_MINUTES);
      rig.forget();
      await rig.page("demo");
      return rig.counts["d1.prepare"] ?? 0;
    };
    expect((await reads("quarantined")) - (await reads("archived"))).toBe(1);
  });
});

describe("a project that keeps its files", () => {
  test.each([["archived"], ["deprecated"], ["of-a-later-pep"]])("is a project that is %s", async (word) => {
    const rig = await seized();
    await status(rig, { status: word }, bare(NAME, WHEEL));
    await rig.page("demo");
    expect((await rig.get(PATH)).body).toEqual(WHEEL);
  });

  test("is a project whose files have left its page: what is stored stays", async () => {
    const rig = await published();
    await rig.get(PATH);
    await status(rig, undefined, bare(SDIST, new Uint8Array(9)));
    await rig.page("demo");
    expect((await rig.get(PATH)).body).toEqual(WHEEL);
  });
});
