import { describe, expect, test } from "vitest";
import { JSON_TYPE, Rig, VARS } from "../support/rig.ts";

const TYPE = "application/vnd.pypi.integrity.v1+json";
const FILENAME = "demo-1.0-py3-none-any.whl";
const THEIRS = `https://upstream.test/integrity/x/${FILENAME}/provenance`;
const PATH = `/integrity/demo/1.0/${FILENAME}/provenance`;
const PUBLIC_URL = "https://pypi.corp.example";
const BUNDLE = { version: 1, attestation_bundles: [{ publisher: { kind: "GitHub" }, attestations: [] }] };

async function published(vars: Record<string, unknown> = {}, provenance: string = THEIRS, filename = FILENAME) {
  const rig = new Rig(vars);
  await rig.upstream.publish("demo", [{ filename, bytes: new Uint8Array([1]), entry: { provenance } }]);
  rig.upstream.on(THEIRS, () => Response.json(BUNDLE, { headers: { "Content-Type": TYPE, ETag: '"e"' } }));
  return rig;
}

const onPage = async (rig: Rig) => (await rig.page("demo")).json?.files[0] ?? {};

describe("a file's provenance on a page", () => {
  test("is absolute and ours where the public address is known, and the true one stays in a private key", async () => {
    const rig = await published({ PUBLIC_URL });
    const entry = await onPage(rig);
    expect([entry["provenance"], entry["_provenance"]]).toEqual([PUBLIC_URL + PATH, THEIRS]);
    const html = (await rig.get("/simple/demo/")).text();
    expect(html).toContain(`data-provenance="${PUBLIC_URL}${PATH}"`);
    expect(html).not.toContain(THEIRS);
  });

  test("is the upstream's own where it is not", async () => {
    const entry = await onPage(await published());
    expect([entry["provenance"], entry["_provenance"]]).toEqual([THEIRS, undefined]);
  });

  test("is that of the first index that has the source, on the pages of all", async () => {
    const rig = await published({
      PUBLIC_URL,
      UPSTREAMS: { ...VARS.UPSTREAMS, other: { url: "https://upstream.test/other/simple/" } },
      INDEXES: { default: { sources: ["other"] }, b: { sources: ["pypi"] }, c: { sources: ["pypi"] } },
    });
    for (const index of ["b", "c"]) {
      const page = await rig.get(`/${index}/simple/demo/`, { Accept: JSON_TYPE });
      expect(page.text()).toContain(`"provenance":"${PUBLIC_URL}/b${PATH}"`);
      expect((await rig.get(`/${index}${PATH}`)).status).toBe(200);
    }
  });

  test("leads to no index in which another source could own the name", async () => {
    const upstreams = (projects?: string[]) => ({
      PUBLIC_URL,
      UPSTREAMS: {
        ...VARS.UPSTREAMS,
        team: { url: "https://upstream.test/team/simple/", ...(projects && { projects }) },
      },
      INDEXES: { default: { sources: ["team", "pypi"] }, public: { sources: ["pypi"] } },
    });
    expect((await onPage(await published(upstreams())))["provenance"]).toBe(`${PUBLIC_URL}/public${PATH}`);
    const only = { ...upstreams(), INDEXES: { default: { sources: ["team", "pypi"] } } };
    expect((await onPage(await published(only)))["provenance"]).toBe(THEIRS);
    const claimed = { ...only, UPSTREAMS: upstreams(["acme-*"]).UPSTREAMS };
    expect((await onPage(await published(claimed)))["provenance"]).toBe(PUBLIC_URL + PATH);
  });

  test("has no credentials, wherever the upstream wrote them", async () => {
    const entry = await onPage(await published({ PUBLIC_URL }, THEIRS.replace("//", "//user:secret@")));
    expect(entry["_provenance"]).toBe(THEIRS);
    expect(JSON.stringify(entry)).not.toContain("secret");
  });

  test("has a version with what must be escaped in it", async () => {
    const filename = "demo-1.0+cpu-py3-none-any.whl";
    const rig = await published({ PUBLIC_URL }, THEIRS, filename);
    const url = (await onPage(rig))["provenance"];
    expect(url).toBe(`${PUBLIC_URL}/integrity/demo/1.0%2Bcpu/demo-1.0%2Bcpu-py3-none-any.whl/provenance`);
    expect((await rig.get(new URL(String(url)).pathname)).status).toBe(200);
  });

  test("stays the upstream's where the filename does not say the version", async () => {
    const entry = await onPage(await published({ PUBLIC_URL }, THEIRS, "other-1.0.tar.gz"));
    expect([entry["provenance"], entry["_provenance"]]).toEqual([THEIRS, undefined]);
  });

  test.each(["http://upstream.test/p", "https://10.0.0.1/p", "ftp://upstream.test/p"])(
    "is left out at %s, from where nothing may be fetched",
    async (provenance) => {
      const rig = await published({}, provenance);
      expect(await onPage(rig)).not.toHaveProperty("provenance");
      expect((await rig.get(PATH)).status).toBe(404);
    },
  );

  test("of one address is not served under another over the same storage, and each is checked by itself", async () => {
    const first = await published({ PUBLIC_URL });
    const second = await published({ PUBLIC_URL: "https://other.example" });
    const none = await published();
    const addresses = async () =>
      Promise.all([first, second, none].map(async (rig) => (await onPage(rig))["provenance"]));
    const expected = [PUBLIC_URL + PATH, `https://other.example${PATH}`, THEIRS];
    expect(await addresses()).toEqual(expected);
    for (const rig of [first, second, none]) rig.restart();
    expect(await addresses()).toEqual(expected);
    first.wait(601_000);
    second.wait(601_000);
    await first.page("demo");
    second.forget();
    await second.page("demo");
    expect(second.upstream.requests).toHaveLength(1);
  });
});

describe("the route of a file's provenance", () => {
  test.each([{}, { PUBLIC_URL }])("answers with the upstream's document and its media type, %o", async (vars) => {
    const rig = await published(vars);
    const answer = await rig.get(PATH);
    expect([answer.status, JSON.parse(answer.text())]).toEqual([200, BUNDLE]);
    expect(answer.headers.get("Content-Type")).toBe(TYPE);
    expect(answer.headers.get("Cache-Control")).toBe("public, max-age=60, no-transform");
    expect(answer.headers.get("Cache-Tag")).toBe("project-demo");
    expect(rig.upstream.requests).toEqual(["GET https://upstream.test/simple/demo/", `GET ${THEIRS}`]);
  });

  test("has the type application/json where the upstream sends no better one", async () => {
    const rig = await published();
    rig.upstream.on(THEIRS, () => Response.json(BUNDLE));
    expect((await rig.get(PATH)).headers.get("Content-Type")).toBe("application/json");
  });

  test("passes gzip on as it is stored, and is 304 for its ETag", async () => {
    const rig = await published();
    const gzip = await rig.get(PATH, { "Accept-Encoding": "gzip" });
    const inflated = new Response(gzip.body).body?.pipeThrough(new DecompressionStream("gzip"));
    expect(await new Response(inflated).json()).toEqual(BUNDLE);
    const etag = (await rig.get(PATH)).headers.get("ETag") ?? "";
    expect((await rig.get(PATH, { "If-None-Match": etag })).status).toBe(304);
    expect((await rig.get(PATH, {}, "HEAD")).body.byteLength).toBe(0);
  });

  test("costs one KV read when it is stored; a check costs one of the page as well", async () => {
    const rig = await published();
    await rig.get(PATH);
    rig.restart();
    rig.forget();
    await rig.get(PATH);
    expect([rig.counts, rig.upstream.requests]).toEqual([{ "kv.getWithMetadata": 1 }, []]);
    rig.restart();
    rig.wait(601_000);
    rig.forget();
    rig.upstream.on(THEIRS, () => new Response(null, { status: 304 }));
    await rig.get(PATH);
    expect(rig.counts["kv.getWithMetadata"]).toBe(2);
    expect(rig.counts["kv.put"]).toBeUndefined();
  });

  test.each([
    ["another version", `/integrity/demo/2.0/${FILENAME}/provenance`],
    ["another project", `/integrity/other/1.0/${FILENAME}/provenance`],
    ["a file that is not listed", "/integrity/demo/1.0/demo-1.0.tar.gz/provenance"],
    ["a project that is not there", "/integrity/nobody/1.0/nobody-1.0.tar.gz/provenance"],
  ])("is 404 for %s, and nothing but pages is asked for", async (_what, path) => {
    const rig = await published();
    const answer = await rig.get(path);
    expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([404, "public, max-age=30"]);
    expect(rig.upstream.requests.filter((line) => !line.includes("/simple/"))).toEqual([]);
  });

  test("is 404 for a file without provenance, and where the upstream has none", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [{ filename: FILENAME, bytes: new Uint8Array([1]) }]);
    expect((await rig.get(PATH)).status).toBe(404);
    const gone = await published();
    gone.upstream.on(THEIRS, () => new Response(null, { status: 404 }));
    expect((await gone.get(PATH)).status).toBe(404);
  });

  test("is 503 while it is unknown whether the page lists it, and what is stored stays", async () => {
    const rig = await published();
    await rig.get(PATH);
    rig.restart();
    rig.wait(3_600_000);
    rig.upstream.down = true;
    expect((await rig.get(PATH)).headers.get("Cache-Status")).toContain("stale");
    const younger = await rig.get("/integrity/demo/2.0/demo-2.0-py3-none-any.whl/provenance");
    expect(younger.status).toBe(503);
  });

  test("is asked for without the validators of another address where it has moved, and then with its own", async () => {
    const rig = await published();
    await rig.get(PATH);
    const moved = `${THEIRS}?moved`;
    await rig.upstream.publish("demo", [
      { filename: FILENAME, bytes: new Uint8Array([1]), entry: { provenance: moved } },
    ]);
    const sent: (string | null)[] = [];
    rig.upstream.on(moved, (request) => {
      sent.push(request.headers.get("If-None-Match"));
      return Response.json(BUNDLE, { headers: { "Content-Type": TYPE, ETag: '"m"' } });
    });
    for (const _ of [1, 2]) {
      rig.wait(601_000);
      expect((await rig.get(PATH)).status).toBe(200);
    }
    expect(sent).toEqual([null, '"m"']);
  });

  test("is 404 when the page no longer lists the file", async () => {
    const rig = await published();
    await rig.get(PATH);
    await rig.upstream.publish("demo", []);
    rig.wait(601_000);
    expect((await rig.get(PATH)).status).toBe(404);
  });
});
