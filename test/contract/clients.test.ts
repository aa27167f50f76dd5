import { afterEach, describe, expect, test, vi } from "vitest";
import { filePath, JSON_TYPE, Rig, type PageJson } from "../support/rig.ts";
import { FakeUpstream, type FakeFile } from "../support/upstream.ts";

// What each client sends, to the letter, and what it must be answered with. Whether the clients themselves are content with
// it is test/clients' affair.
const PIP = {
  Accept: `${JSON_TYPE}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01`,
  "Accept-Encoding": "gzip, deflate",
  "Cache-Control": "max-age=0",
};
const UV = {
  Accept: `${JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01`,
  "Accept-Encoding": "gzip, br",
};
const POETRY = { Accept: `${JSON_TYPE}, */*;q=0.1`, "Accept-Encoding": "gzip, deflate" };
const PDM = { Accept: PIP.Accept, "Accept-Encoding": "gzip, deflate" };

const SIZE = 20_000;
const BYTES = new Uint8Array(SIZE).map((_, at) => (at * 7) % 253);
const WHEEL: FakeFile = { filename: "demo-1.0-py3-none-any.whl", bytes: BYTES };
const WHEEL_PATH = filePath(WHEEL.filename);

async function published(...files: FakeFile[]) {
  const rig = new Rig();
  await rig.upstream.publish("demo", files.length > 0 ? files : [WHEEL]);
  return rig;
}

describe("pip", () => {
  test("keeps a 301 or 308 for good: its redirects are 302, for a minute", async () => {
    const answer = await (await published()).get("/simple/Demo", PIP);
    expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([302, "public, max-age=60"]);
  });

  test("re-quotes the + of a local version as %2B: both spellings are one file", async () => {
    const local = { ...WHEEL, filename: "demo-1.0+cpu-py3-none-any.whl" };
    const rig = await published(local);
    const { json } = await rig.page("demo");
    const url = new URL(String(json?.files[0]?.["url"]), "https://edge.test/simple/demo/").pathname;
    const spellings = [url.replace("%2B", "+"), url.replace("+", "%2B"), url.replace("+", "%2b")];
    for (const spelling of spellings) expect((await rig.get(spelling, PIP)).body).toEqual(BYTES);
    expect(rig.upstream.requests.filter((request) => request.endsWith(".whl"))).toHaveLength(1);
  });

  test("of old fails on dist-info-metadata in JSON: there is none, and HTML has both names", async () => {
    const rig = await published({ ...WHEEL, metadata: "Name: demo\n" });
    const page = await rig.page("demo");
    expect(page.json?.files[0]).toHaveProperty("core-metadata.sha256");
    expect(page.text()).not.toContain("dist-info-metadata");
    const html = (await rig.get("/simple/demo/", { Accept: "text/html" })).text();
    expect(html).toMatch(/data-core-metadata="sha256=/);
    expect(html).toMatch(/data-dist-info-metadata="sha256=/);
  });

  test("of old reads a core-metadata of true from HTML", async () => {
    const rig = await published({ ...WHEEL, metadata: "Name: demo\n", entry: { "core-metadata": true } });
    const html = (await rig.get("/simple/demo/", { Accept: "text/html" })).text();
    expect(html).toContain('data-core-metadata="true" data-dist-info-metadata="true"');
  });

  test("aborts where .metadata differs from the wheel's own METADATA: it is served byte for byte", async () => {
    // Not what a text would look like after anyone had touched it.
    const metadata = "Metadata-Version: 2.1\r\nName: demo\r\nSummary: é \n\n\tno line end";
    const rig = await published({ ...WHEEL, metadata });
    for (const where of ["cold", "stored"]) {
      expect((await rig.get(`${WHEEL_PATH}.metadata`, PIP)).body, where).toEqual(new TextEncoder().encode(metadata));
    }
  });

  test("with fast-deps wants HEAD to be 200, unredirected, with the size and that ranges are known", async () => {
    const rig = await published();
    const head = await rig.get(WHEEL_PATH, { "Accept-Encoding": "identity" }, "HEAD");
    expect([head.status, head.headers.get("Content-Length"), head.headers.get("Accept-Ranges")]).toEqual([
      200,
      String(SIZE),
      "bytes",
    ]);
    expect(head.headers.get("Content-Encoding")).toBeNull();
  });

  test("gives up on a Retry-After above a few seconds, and never retries a 504: an outage is 503, after 1", async () => {
    const rig = await published();
    rig.upstream.down = true;
    for (const path of ["/simple/demo/", WHEEL_PATH, "/simple/"]) {
      const answer = await rig.get(path, PIP);
      expect([answer.status, answer.headers.get("Retry-After")], path).toEqual([503, "1"]);
    }
  });
});

describe("pip gives up after 15 s", () => {
  afterEach(() => void vi.useRealTimers());

  test.each(["/simple/demo/", WHEEL_PATH, `${WHEEL_PATH}.metadata`, "/pypi/demo/json"])(
    "an answer to %s begins before that, whatever the upstream waits for",
    async (path) => {
      const asked = Promise.withResolvers<void>();
      // Deaf to its own deadline as well.
      const hang = () => (asked.resolve(), new Promise<never>(() => undefined));
      const rig = new Rig({}, { fetch: hang });
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const answer = rig.open(path, { headers: PIP });
      await asked.promise;
      await vi.advanceTimersByTimeAsync(14_999);
      const { status, headers } = (await answer).response;
      expect([status, headers.get("Retry-After")]).toEqual([503, "1"]);
    },
  );
});

describe("uv", () => {
  test("sends strong ETags only: it gets a 304 with the strong ETag repeated, for pages and files", async () => {
    const rig = await published();
    for (const path of ["/simple/demo/", WHEEL_PATH]) {
      const etag = (await rig.get(path, UV)).headers.get("ETag") ?? "";
      expect(etag, path).toMatch(/^"[^"]+"$/);
      const answer = await rig.get(path, { ...UV, "If-None-Match": etag });
      expect([answer.status, answer.headers.get("ETag")], path).toEqual([304, etag]);
    }
  });

  test("refuses a page with a null size, upload-time or yanked: the key is left out", async () => {
    const rig = await published({ ...WHEEL, entry: { size: null, "upload-time": null, yanked: null } });
    const [file] = (await rig.page("demo")).json?.files ?? [];
    for (const key of ["size", "upload-time", "yanked"]) expect(file).not.toHaveProperty(key);
  });

  test("compares the whole Content-Type: a JSON page's has no parameters, and no answer is without one", async () => {
    const rig = await published();
    expect((await rig.get("/simple/demo/", UV)).headers.get("Content-Type")).toBe(JSON_TYPE);
    for (const path of ["/simple/absent/", "/nothing"]) {
      expect((await rig.get(path, UV)).headers.get("Content-Type"), path).not.toBeNull();
    }
  });

  test("prints problem details: an outage's sentence is one, in a media type that it reads", async () => {
    const rig = await published();
    rig.upstream.down = true;
    const answer = await rig.get("/simple/demo/", UV);
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
    expect(JSON.parse(answer.text())).toMatchObject({ status: 503, detail: expect.stringMatching(/^[A-Z].+\.$/) });
  });

  test("without metadata asks by HEAD, then for bytes=a-b, and needs a 206", async () => {
    const rig = await published();
    expect((await rig.get(WHEEL_PATH, UV, "HEAD")).headers.get("Accept-Ranges")).toBe("bytes");
    for (const where of ["cold", "stored"]) {
      const part = await rig.get(WHEEL_PATH, { "Accept-Encoding": "identity", Range: "bytes=10000-10099" });
      expect([part.status, part.headers.get("Content-Range")], where).toEqual([206, `bytes 10000-10099/${SIZE}`]);
      expect(part.body).toEqual(BYTES.slice(10_000, 10_100));
    }
  });

  test("sync --frozen asks for files before any page: the page is fetched first, and the file is there", async () => {
    const rig = await published();
    expect((await rig.get(WHEEL_PATH, UV)).body).toEqual(BYTES);
    expect(rig.upstream.requests).toEqual([
      `GET ${FakeUpstream.INDEX}demo/`,
      `GET ${FakeUpstream.FILES}${WHEEL.filename}`,
    ]);
  });

  test("refuses a page for a digest it does not know in HTML: that one is dropped", async () => {
    const rig = new Rig();
    rig.upstream.on(
      `${FakeUpstream.INDEX}demo/`,
      () =>
        new Response(`<a href="${FakeUpstream.FILES}${WHEEL.filename}#crc32=abcd">${WHEEL.filename}</a>`, {
          headers: { "Content-Type": "text/html" },
        }),
    );
    expect((await rig.page("demo")).json?.files[0]?.["hashes"]).toEqual({});
    expect((await rig.get("/simple/demo/", { Accept: "text/html" })).text()).not.toContain("crc32");
  });
});

describe("poetry", () => {
  test("asks for JSON or anything: it gets JSON", async () => {
    const answer = await (await published()).get("/simple/demo/", POETRY);
    expect(answer.headers.get("Content-Type")).toBe(JSON_TYPE);
  });

  test("reads the end of a wheel by bytes=-10000: the suffix is a 206, cold and stored", async () => {
    const rig = await published();
    for (const where of ["cold", "stored"]) {
      const part = await rig.get(WHEEL_PATH, { Range: "bytes=-10000" });
      expect([part.status, part.headers.get("Content-Range")], where).toEqual([206, `bytes 10000-19999/${SIZE}`]);
      expect(part.body).toEqual(BYTES.slice(10_000));
    }
  });
});

test.each(Object.entries({ pip: PIP, uv: UV, poetry: POETRY, pdm: PDM }))(
  "%s takes a core-metadata of true: it is passed on, and the metadata is there",
  async (_client, { Accept }) => {
    const metadata = "Metadata-Version: 2.1\nName: demo\n";
    const rig = await published({ ...WHEEL, metadata, entry: { "core-metadata": true } });
    const page = JSON.parse((await rig.get("/simple/demo/", { Accept })).text()) as PageJson;
    expect(page.files[0]?.["core-metadata"]).toBe(true);
    expect((await rig.get(`${WHEEL_PATH}.metadata`, { Accept: "*/*" })).text()).toBe(metadata);
  },
);

test.each(Object.entries({ pip: PIP, uv: UV, poetry: POETRY, pdm: PDM }))(
  "%s gets pages gzipped",
  async (_client, headers) => {
    const { response, settled } = await (await published()).open("/simple/demo/", { headers });
    expect([response.headers.get("Content-Encoding"), response.headers.get("Vary")]).toEqual([
      "gzip",
      "Accept, Accept-Encoding",
    ]);
    await response.arrayBuffer();
    await settled();
  },
);

test.each(["/simple//demo/", "//simple/demo/"])("pipenv's %s is redirected relatively, to the page", async (path) => {
  const rig = await published();
  const redirect = await rig.get(path);
  const location = redirect.headers.get("Location") ?? "";
  expect([redirect.status, location.includes(":") || location.startsWith("/")]).toEqual([302, false]);
  const target = new URL(location, `https://edge.test${path}`).pathname;
  expect((await rig.get(target, PIP)).status).toBe(200);
});

describe("bandersnatch", () => {
  test("wants X-PyPI-Last-Serial on pages, on 304s as well", async () => {
    const rig = await published();
    const page = await rig.get("/simple/demo/", { Accept: JSON_TYPE });
    const again = await rig.get("/simple/demo/", {
      Accept: JSON_TYPE,
      "If-None-Match": page.headers.get("ETag") ?? "",
    });
    expect([page, again].map(({ status, headers }) => [status, headers.get("X-PyPI-Last-Serial")])).toEqual([
      [200, "7"],
      [304, "7"],
    ]);
  });

  test("refuses file paths outside /packages/: the JSON API's are inside, and lead to the files", async () => {
    const rig = await published();
    const file = { filename: WHEEL.filename, url: `${FakeUpstream.FILES}${WHEEL.filename}` };
    rig.upstream.on("https://upstream.test/pypi/demo/json", () =>
      Response.json({ info: {}, last_serial: 7, releases: { "1.0": [file] }, urls: [file] }),
    );
    const { releases, urls } = JSON.parse((await rig.get("/pypi/demo/json")).text()) as Documented;
    const paths = [...(releases["1.0"] ?? []), ...urls].map(({ url }) => new URL(url).pathname);
    expect(paths).toHaveLength(2);
    for (const path of paths) {
      expect(path).toMatch(/^\/packages\//);
      expect((await rig.get(path)).body).toEqual(BYTES);
    }
  });

  test("needs an integer _last-serial in the root listing, and per project", async () => {
    const rig = new Rig();
    const listing = '{"meta":{"_last-serial":9},"projects":[{"name":"demo","_last-serial":7}]}';
    rig.upstream.on(
      FakeUpstream.INDEX,
      () => new Response(listing, { headers: { "Content-Type": JSON_TYPE, "X-PyPI-Last-Serial": "9" } }),
    );
    for (const where of ["cold", "stored"]) {
      const answer = await rig.get("/simple/", { Accept: JSON_TYPE });
      expect(JSON.parse(answer.text()), where).toMatchObject({
        meta: { "_last-serial": 9 },
        projects: [{ name: "demo", "_last-serial": 7 }],
      });
      expect(answer.headers.get("X-PyPI-Last-Serial"), where).toBe("9");
      rig.restart();
    }
  });
});

/** What bandersnatch reads of a project's JSON. */
interface Documented {
  readonly releases: Record<string, { readonly url: string }[]>;
  readonly urls: { readonly url: string }[];
}

test("pypi-simple refuses a relative provenance: it is absolute, in JSON and in HTML", async () => {
  const provenance = "https://upstream.test/integrity/demo/1.0/demo-1.0-py3-none-any.whl/provenance";
  const rig = await published({ ...WHEEL, entry: { provenance } });
  const { json } = await rig.page("demo");
  expect(String(json?.files[0]?.["provenance"])).toMatch(/^https:\/\/.+\/provenance$/);
  const html = (await rig.get("/simple/demo/", { Accept: "text/html" })).text();
  expect(html).toMatch(/data-provenance="https:\/\/[^"]+\/provenance"/);
});
