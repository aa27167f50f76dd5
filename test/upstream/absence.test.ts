import { describe, expect, test } from "vitest";
import { Rig, VARS } from "../support/rig.ts";
import { FakeUpstream } from "../support/upstream.ts";

const PAGE = `${FakeUpstream.INDEX}demo/`;
const SDIST = { filename: "demo-1.0.tar.gz", bytes: new TextEncoder().encode("an sdist") };

const answered = (body: string, type = "text/html", status = 200) =>
  new Response(body, { status, headers: { "Content-Type": type } });

describe("an upstream that says otherwise that it does not have a project", () => {
  const FIRST = "https://first.test/simple/";
  const refusal = () => answered("<Error><Code>AccessDenied</Code></Error>", "application/xml", 403);

  async function rigOfTwo(first: Record<string, unknown>) {
    const rig = new Rig({
      UPSTREAMS: { torch: { url: FIRST, ...first }, ...VARS.UPSTREAMS },
      INDEXES: { default: { sources: ["torch", "pypi"] } },
    });
    rig.upstream.on(`${FIRST}demo/`, refusal);
    await rig.upstream.publish("demo", [SDIST]);
    return rig;
  }

  test("by a status named in `absent` leaves the name to the next source", async () => {
    const page = await (await rigOfTwo({ absent: [403] })).page("demo");
    expect([page.status, page.json?.files.length]).toEqual([200, 1]);
  });

  test("by a status not named is a failure, whose sentence names the option", async () => {
    for (const first of [{}, { absent: [451] }, { absent: [] }]) {
      const page = await (await rigOfTwo(first)).page("demo");
      expect([page.status, page.text()]).toEqual([
        503,
        expect.stringContaining("add absent = [403] to it in UPSTREAMS"),
      ]);
    }
  });

  test("does not say so of its root listing or of a file that its page lists", async () => {
    const rig = await rigOfTwo({ absent: [403] });
    const page = `<a href="https://first.test/f/${SDIST.filename}">${SDIST.filename}</a>`;
    rig.upstream.on(`${FIRST}demo/`, () => answered(page));
    rig.upstream.on(`https://first.test/f/${SDIST.filename}`, refusal);
    rig.upstream.on(FIRST, refusal);
    expect((await rig.get(`/files/first.test/f/${SDIST.filename}`)).status).not.toBe(404);
    expect((await rig.get("/simple/")).status).toBe(503);
  });

  test.each([
    ["another host", [301], 404],
    ["another host, which says 410", [302], 410],
    ["another path", [303], 404],
    ["another host by several hops", [307, 308, 302, 301], 404],
  ])("by a redirect to %s does not have it", async (_where, hops, status) => {
    const rig = new Rig();
    const urls = [PAGE, ...hops.map((_, nth) => `https://hop${nth}.test/demo/`)];
    hops.forEach((hop, nth) =>
      rig.upstream.on(
        urls[nth] ?? "",
        () => new Response(null, { status: hop, headers: { Location: urls[nth + 1] ?? "" } }),
      ),
    );
    rig.upstream.on(urls.at(-1) ?? "", () => answered("no", "text/plain", status));
    expect((await rig.page("demo")).status).toBe(404);
  });

  test.each([
    ["403", () => refusal()],
    ["500", () => answered("no", "text/plain", 500)],
    ["a log-in page", () => answered("<form><input type=password></form>")],
  ])("by a redirect to a host that answers %s says nothing of it", async (_what, answer) => {
    const rig = new Rig();
    rig.upstream.on(PAGE, () => Response.redirect("https://hop.test/", 302));
    rig.upstream.on("https://hop.test/", answer);
    expect((await rig.page("demo")).status).toBe(503);
  });

  test.each([[[401]], [[200]], [[429]], [[500]], [[403.5]], ["403"], [["403"]]])(
    "cannot have %j for `absent`",
    (absent) => {
      expect(() => new Rig({ UPSTREAMS: { pypi: { url: FIRST, absent } } })).toThrow(/UPSTREAMS\.pypi\.absent/);
    },
  );

  test("cannot have `absent` beside `find_links`", () => {
    const pypi = { find_links: "https://first.test/x.html", absent: [403] };
    expect(() => new Rig({ UPSTREAMS: { pypi } })).toThrow(/UPSTREAMS\.pypi: has absent/);
  });
});
