import { describe, expect, test } from "vitest";
import { JSON_TYPE, Rig, VARS } from "../support/rig.ts";
import { FakeUpstream, sha256 } from "../support/upstream.ts";

const PAGE = "https://upstream.test/wheels.html";
const WHEEL = new TextEncoder().encode("a wheel");

async function rigOfLinks() {
  const rig = new Rig({
    UPSTREAMS: { shelf: { find_links: PAGE }, ...VARS.UPSTREAMS },
    INDEXES: { default: { sources: ["shelf", "pypi"] } },
  });
  const links = [
    `<a href="whl/demo-1.0%2Bcpu-py3-none-any.whl#sha256=${await sha256(WHEEL)}">demo, for the CPU</a>`,
    `<a href="https://files.upstream.test/Other_Thing-2.0.tar.gz">Other_Thing-2.0.tar.gz</a>`,
    `<a href="../">Parent Directory</a> <a href="notes.txt">notes.txt</a>`,
  ];
  rig.upstream.on(PAGE, () => new Response(links.join("<br>\n"), { headers: { "Content-Type": "text/html" } }));
  rig.upstream.on("https://upstream.test/whl/demo-1.0%2Bcpu-py3-none-any.whl", () => new Response(WHEEL));
  return rig;
}

describe("a page of links as an upstream", () => {
  test("has the projects that its files' names say, with relative links and %2B as they are", async () => {
    const rig = await rigOfLinks();
    const demo = await rig.page("demo");
    expect(demo.json).toMatchObject({
      files: [
        {
          filename: "demo-1.0+cpu-py3-none-any.whl",
          url: "../../files/upstream.test/whl/demo-1.0%2Bcpu-py3-none-any.whl",
          hashes: { sha256: await sha256(WHEEL) },
        },
      ],
    });
    expect((await rig.page("other-thing")).json?.files).toHaveLength(1);
  });

  test("serves its files, with the plus as the client writes it", async () => {
    const rig = await rigOfLinks();
    for (const plus of ["+", "%2B"]) {
      const { status, body } = await rig.get(`/files/upstream.test/whl/demo-1.0${plus}cpu-py3-none-any.whl`);
      expect([status, body]).toEqual([200, WHEEL]);
    }
  });

  test("has every project that a filename may mean: a private one must not be left to the next upstream", async () => {
    const rig = await rigOfLinks();
    rig.upstream.on(
      PAGE,
      () => new Response('<a href="foo-1.0-1.tar.gz">foo</a>', { headers: { "Content-Type": "text/html" } }),
    );
    await rig.upstream.publish("foo", [{ filename: "foo-6.6.6.tar.gz", bytes: WHEEL }]);
    const files = (await rig.page("foo")).json?.files.map(({ filename }) => filename);
    expect(files).toEqual(["foo-1.0-1.tar.gz"]);
  });

  test("is read once for a whole install", async () => {
    const rig = await rigOfLinks();
    for (const name of ["demo", "other-thing", "third", "fourth"]) await rig.page(name);
    expect(rig.upstream.requests.filter((line) => line === `GET ${PAGE}`)).toHaveLength(1);
  });

  test("leaves other names to the next upstream", async () => {
    const rig = await rigOfLinks();
    await rig.upstream.publish("third", [{ filename: "third-1.0.tar.gz", bytes: WHEEL }]);
    expect((await rig.page("third")).status).toBe(200);
    rig.upstream.on(FakeUpstream.INDEX, () => Response.json({ meta: {}, projects: [{ name: "third" }] }));
    expect(JSON.parse((await rig.get("/simple/", { Accept: JSON_TYPE })).text())).toMatchObject({
      projects: [{ name: "demo" }, { name: "other-thing" }, { name: "third" }],
    });
  });

  test.each([
    ["gone", () => new Response("", { status: 404 })],
    ["a log-in page", () => new Response("<a href='/login'>Log in</a>", { headers: { "Content-Type": "text/html" } })],
  ])("that is %s is a failure, and no name is absent for it", async (_what, answer) => {
    const rig = await rigOfLinks();
    await rig.upstream.publish("demo", [{ filename: "demo-6.6.6.tar.gz", bytes: WHEEL }]);
    rig.upstream.on(PAGE, answer);
    expect((await rig.page("demo")).status).toBe(503);
    expect(rig.upstream.requests.filter((line) => !line.endsWith(PAGE))).toEqual([]);
  });
});
