import { comparable } from "../support/headers.ts";
import { describe, expect, test } from "vitest";
import { filePath, Rig, VARS } from "../support/rig.ts";
import { sha256 } from "../support/upstream.ts";

const WHEEL = {
  filename: "demo-1.0-py3-none-any.whl",
  bytes: new Uint8Array(100_000).map((_, at) => at % 251),
  metadata: "Name: demo\n",
};
const ALIAS = `/packages/${WHEEL.filename}`;

async function published(vars: Record<string, unknown> = {}) {
  const rig = new Rig(vars);
  await rig.upstream.publish("demo", [WHEEL]);
  return rig;
}

describe("/packages/ is the upstream's folder of that name on its file host", () => {
  test("with the same bytes and headers, from the same stored object", async () => {
    const rig = await published();
    const alias = await rig.get(ALIAS);
    expect(alias.body).toEqual(WHEEL.bytes);
    rig.restart();
    rig.forget();
    const file = await rig.get(filePath(WHEEL.filename));
    const again = await rig.get(ALIAS);
    expect([rig.upstream.requests, rig.counts]).toEqual([[], { "r2.get": 2 }]);
    expect(comparable(again.headers)).toEqual(comparable(file.headers));
  });

  test("with ranges, HEAD, 304 and metadata", async () => {
    const rig = await published();
    const etag = (await rig.get(ALIAS)).headers.get("ETag") ?? "";
    const part = await rig.get(ALIAS, { Range: "bytes=10-19" });
    expect([part.status, part.headers.get("Content-Range"), part.body]).toEqual([
      206,
      "bytes 10-19/100000",
      WHEEL.bytes.slice(10, 20),
    ]);
    const head = await rig.get(ALIAS, {}, "HEAD");
    expect([head.status, head.headers.get("Content-Length"), head.body.byteLength]).toEqual([200, "100000", 0]);
    expect((await rig.get(ALIAS, { "If-None-Match": etag })).status).toBe(304);
    expect((await rig.get(`${ALIAS}.metadata`)).text()).toBe(WHEEL.metadata);
  });

  test.each([
    "/packages/a%2Fdemo-1.0.tar.gz",
    "/packages/..%2Fdemo-1.0.tar.gz",
    "/packages//demo-1.0.tar.gz",
    "/packages/",
  ])("and %s is a 400", async (path) => {
    const rig = new Rig();
    expect((await rig.get(path)).status).toBe(400);
    expect([rig.upstream.requests, rig.counts]).toEqual([[], {}]);
  });

  test("for a named index of its own last upstream, below that host's own path", async () => {
    const rig = await published({
      UPSTREAMS: {
        ...VARS.UPSTREAMS,
        deep: { url: "https://upstream.test/deep/simple/", files: "https://files.upstream.test/deep" },
      },
      INDEXES: { default: { sources: ["pypi"] }, team: { sources: ["pypi", "deep"] } },
    });
    const url = "https://files.upstream.test/deep/packages/other-1.0.tar.gz";
    const hashes = { sha256: await sha256(new TextEncoder().encode("deep")) };
    rig.upstream.on("https://upstream.test/deep/simple/other/", () =>
      Response.json({ meta: {}, name: "other", files: [{ filename: "other-1.0.tar.gz", url, hashes }] }),
    );
    rig.upstream.on(url, () => new Response("deep"));
    expect((await rig.get("/team/packages/other-1.0.tar.gz")).text()).toBe("deep");
    expect((await rig.get("/packages/other-1.0.tar.gz")).status).toBe(404);
  });
});

describe("/packages/-/INDEX/ is that index's /files/", () => {
  const INDEXES = { default: { sources: ["pypi"] }, team: { sources: ["pypi"] } };
  const below = filePath(WHEEL.filename).replace("/files", "");

  test.each(["/default", "/team", "/team/@before=2026-01-01", "/default/%40before=2026-01-01"])(
    "with the same answers, at %s",
    async (at) => {
      const rig = await published({ INDEXES });
      const base = at.replace("/default", "");
      for (const ending of ["", ".metadata"]) {
        const [alias, file] = [`/packages/-${at}${below}${ending}`, `${base}/files${below}${ending}`];
        const shown = async (path: string) => {
          const { status, headers, body } = await rig.get(path);
          return {
            status,
            body,
            headers: ["ETag", "Cache-Control", "Content-Length"].map((name) => headers.get(name)),
          };
        };
        expect(await shown(alias)).toEqual(await shown(file));
      }
      expect((await rig.get(`/packages/-${at}/a%2Fx-1.0.tar.gz`)).status).toBe(400);
    },
  );

  test.each(["/packages/-/other/host.test/x-1.0.tar.gz", "/packages/-/team", "/packages/-"])(
    "%s is not found",
    async (path) => {
      const rig = new Rig({ INDEXES });
      expect((await rig.get(path)).status).toBeGreaterThanOrEqual(400);
      expect(rig.upstream.requests).toEqual([]);
    },
  );
});
