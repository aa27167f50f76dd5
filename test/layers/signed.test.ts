import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { filePath, Rig } from "../support/rig.ts";
import { fileResponse, FakeUpstream, sha256 } from "../support/upstream.ts";

const FILENAME = "demo-1.0-py3-none-any.whl";
const PATH = filePath(FILENAME);
const URL_OF_FILE = FakeUpstream.FILES + FILENAME;
const PAGE = `${FakeUpstream.INDEX}demo/`;
const BYTES = new Uint8Array(5_000).fill(7);
const SECRET = "s3cr3t-signature";
const TTL = 601_000;

/** An upstream that signs each page's URLs anew, and takes the last two signatures only. */
async function signing(rig: Rig, query = (nth: number) => `?X-Amz-Signature=${SECRET}${nth}`): Promise<void> {
  const digest = await sha256(BYTES);
  let pages = 0;
  rig.upstream.on(PAGE, () => {
    pages++;
    const url = URL_OF_FILE + query(pages);
    rig.upstream.on(url, (request) => fileResponse(request, BYTES));
    rig.upstream.on(URL_OF_FILE + query(pages - 2), () => new Response("expired", { status: 403 }));
    return new Response(`<a href="${url.replaceAll("&", "&amp;")}#sha256=${digest}">${FILENAME}</a>`, {
      headers: { "Content-Type": "text/html" },
    });
  });
}

const transfers = (rig: Rig) => rig.upstream.requests.filter((line) => line.startsWith(`GET ${URL_OF_FILE}`));

/** What lies in KV beside pages. */
const records = async () => (await env.PAGES.list({ prefix: "queries/" })).keys.map(({ name }) => name);

describe("a file whose true URL is signed anew on each page", () => {
  test("is stored once under one URL, with any signature", async () => {
    const rig = new Rig();
    await signing(rig);
    const urls = new Set<unknown>();
    for (let n = 0; n < 4; n++) {
      urls.add((await rig.page("demo")).json?.files[0]?.["url"]);
      expect((await rig.get(PATH)).body).toEqual(BYTES);
      rig.wait(TTL);
      rig.restart();
    }
    expect([...urls]).toEqual([`../..${PATH}`]);
    expect(transfers(rig)).toHaveLength(1);
  });

  test("is fetched with the newest signature, also by an isolate that has not seen its page", async () => {
    const rig = new Rig();
    await signing(rig);
    for (let n = 0; n < 3; n++) {
      await rig.page("demo");
      rig.wait(TTL);
    }
    await rig.page("demo");
    rig.restart();
    expect((await rig.get(PATH)).body).toEqual(BYTES);
    expect(transfers(rig)).toEqual([`GET ${URL_OF_FILE}?X-Amz-Signature=${SECRET}4`]);
  });

  test("is fetched where its record was lost", async () => {
    const rig = new Rig();
    await signing(rig);
    await rig.page("demo");
    for (const name of await records()) await env.PAGES.delete(name);
    rig.restart();
    expect((await rig.get(PATH)).body).toEqual(BYTES);
  });

  test("is fetched with a new signature where the one of its page has expired", async () => {
    const rig = new Rig();
    await signing(rig);
    await rig.page("demo");
    rig.upstream.on(`${URL_OF_FILE}?X-Amz-Signature=${SECRET}1`, () => new Response("expired", { status: 403 }));
    rig.restart();
    expect((await rig.get(PATH)).body).toEqual(BYTES);
    expect(transfers(rig).at(-1)).toBe(`GET ${URL_OF_FILE}?X-Amz-Signature=${SECRET}2`);
  });

  test("may have a query of 2,000 characters", async () => {
    const rig = new Rig();
    await signing(rig, (nth) => `?X-Amz-Security-Token=${"t".repeat(2_000)}${nth}`);
    expect((await rig.page("demo")).json?.files).toHaveLength(1);
    expect((await rig.get(PATH)).body).toEqual(BYTES);
  });

  test("is given at the address that an earlier version gave it", async () => {
    const rig = new Rig();
    await signing(rig);
    const old = btoa(`?X-Amz-Signature=${SECRET}0`).replaceAll("=", "");
    const path = PATH.replace(FILENAME, `~${old}/${FILENAME}`);
    expect((await rig.get(path)).body).toEqual(BYTES);
    await rig.get(PATH);
    expect(transfers(rig)).toHaveLength(1);
  });

  test("never shows a query, credentials or fragment to a client or in the log, whatever happens", async () => {
    const rig = new Rig({ LOG: "requests" });
    await signing(rig, (nth) => `?sig=${SECRET}${nth}&f=a%26b`);
    const log = vi.spyOn(console, "log");
    const warn = vi.spyOn(console, "warn");
    const seen: string[] = [];
    const look = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
      const answer = await rig.get(path, headers, method);
      seen.push(JSON.stringify([...answer.headers]), answer.text());
    };
    for (const path of [
      "/simple/demo/",
      "/simple/demo/?format=application/vnd.pypi.simple.v1%2Bjson",
      PATH,
      `${PATH}.metadata`,
    ]) {
      await look(path);
      await look(path, {}, "HEAD");
      await look(path, { Range: "bytes=0-9" });
    }
    for (const answer of [
      () => new Response("no", { status: 500 }),
      () => new Response("short"),
      () => Response.error(),
    ]) {
      rig.wait(TTL);
      for (const { key } of (await env.FILES.list()).objects) await env.FILES.delete(key);
      rig.restart();
      await rig.page("demo");
      for (let nth = 1; nth < 9; nth++) rig.upstream.on(`${URL_OF_FILE}?sig=${SECRET}${nth}&f=a%26b`, answer);
      await look(PATH).catch(() => undefined);
    }
    const lines = [...log.mock.calls, ...warn.mock.calls].flat().map(String);
    log.mockRestore();
    warn.mockRestore();
    const encoded = btoa(`?sig=${SECRET}`).slice(0, 16);
    for (const text of [...seen, ...lines]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain(encoded);
    }
    expect(seen.join("")).toContain(FILENAME);
  });
});

describe("a secret in another member of an upstream's page", () => {
  test.each(["", "https://edge.test"])(
    "is not in a provenance's URL, which leads to it (PUBLIC_URL %j)",
    async (address) => {
      const rig = new Rig({ PUBLIC_URL: address });
      const url = `https://upstream.test/p?sig=${SECRET}`;
      await rig.upstream.publish("demo", [{ filename: FILENAME, bytes: BYTES, entry: { provenance: url } }]);
      rig.upstream.on(url, () => Response.json({ version: 1, attestation_bundles: [] }));
      const page = await rig.page("demo");
      expect(JSON.stringify(page.json)).not.toContain(SECRET);
      rig.restart();
      expect((await rig.get(`/integrity/demo/1.0/${FILENAME}/provenance`)).status).toBe(200);
      const ours = address && `${address}/integrity/demo/1.0/${FILENAME}/provenance`;
      expect(page.json?.files[0]?.["provenance"] ?? "").toBe(ours);
    },
  );

  test("is not handed on with a provenance, nor in its JSON", async () => {
    const rig = new Rig();
    const file = { filename: FILENAME, bytes: BYTES, entry: { provenance: `https://upstream.test/p?sig=${SECRET}` } };
    await rig.upstream.publish("demo", [file]);
    const url = `${URL_OF_FILE}?sig=${SECRET}`;
    const urls = [
      { filename: FILENAME, url },
      { filename: "a/b", url },
      { filename: FILENAME, url: `https://me:${SECRET}@files.upstream.test/a%2Fb/${FILENAME}#${SECRET}` },
      { filename: FILENAME, url: `/relative?sig=${SECRET}` },
    ];
    rig.upstream.on("https://upstream.test/pypi/demo/json", () => Response.json({ info: { name: "demo" }, urls }));
    const texts = [(await rig.get("/simple/demo/")).text(), JSON.stringify((await rig.page("demo")).json)];
    const json = await rig.get("/pypi/demo/json");
    expect(json.status).toBe(200);
    for (const text of [...texts, json.text()]) {
      expect(text).toContain(FILENAME);
      expect(text).not.toContain(SECRET);
    }
  });
});

describe("a page with queries in its files' URLs", () => {
  test("has two files that differ in the query alone, by name or digest, each with its own bytes", async () => {
    const rig = new Rig();
    const files = new Map([
      ["download.php?f=demo-1.0.tar.gz", { filename: "demo-1.0.tar.gz", bytes: new Uint8Array(100).fill(1) }],
      ["download.php?f=demo-2.0.tar.gz", { filename: "demo-2.0.tar.gz", bytes: new Uint8Array(100).fill(2) }],
      ["demo-3.0.tar.gz?build=1", { filename: "demo-3.0.tar.gz", bytes: new Uint8Array(100).fill(3) }],
      ["demo-3.0.tar.gz?build=2", { filename: "demo-3.0.tar.gz", bytes: new Uint8Array(100).fill(4) }],
    ]);
    const entries = await Promise.all(
      [...files].map(async ([address, { filename, bytes }]) => {
        const url = FakeUpstream.FILES + address;
        rig.upstream.on(url, (request) => fileResponse(request, bytes));
        return { filename, url, hashes: { sha256: await sha256(bytes) } };
      }),
    );
    await rig.upstream.publish("demo", [], { files: entries });
    const page = await rig.page("demo");
    const got = [];
    for (const file of page.json?.files ?? []) {
      rig.restart();
      got.push((await rig.get(String(file["url"]).replace("../..", ""))).body[0]);
    }
    expect(got).toEqual([1, 2, 3, 4]);
  });

  test("has a record as long as it is there and has queries", async () => {
    const rig = new Rig();
    await signing(rig);
    await rig.page("demo");
    expect(await records()).toHaveLength(1);
    await rig.upstream.publish("demo", [{ filename: FILENAME, bytes: BYTES }]);
    rig.wait(TTL);
    await rig.page("demo");
    expect(await records()).toEqual([]);
    await signing(rig);
    rig.wait(TTL);
    await rig.page("demo");
    rig.upstream.on(PAGE, () => new Response(null, { status: 404 }));
    rig.wait(TTL);
    await rig.page("demo");
    expect(await records()).toEqual([]);
  });

  test("whose queries stay the same costs no write, and a page without queries no operation", async () => {
    const rig = new Rig();
    await signing(rig, () => "?v=1");
    await rig.page("demo");
    rig.wait(TTL);
    rig.restart();
    rig.forget();
    await rig.page("demo");
    expect(rig.counts["kv.put"]).toBeUndefined();
    const plain = new Rig();
    await plain.upstream.publish("plain", [{ filename: "plain-1.0.tar.gz", bytes: BYTES }]);
    await plain.page("plain");
    expect(plain.counts).toEqual({ "kv.getWithMetadata": 1, "kv.put": 1, "d1.prepare": 1 });
    plain.forget();
    await plain.get(filePath("plain-1.0.tar.gz"));
    expect(plain.counts).toEqual({ "r2.put": 1, "d1.prepare": 1 });
  });
});
