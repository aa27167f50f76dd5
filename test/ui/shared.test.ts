import { expect, test } from "vitest";
import { STYLE } from "../../worker/ui/style.ts";
import { READER, TEAM } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";

test.each(["/", "/team/", "/@pre=no/", "/team/@pre=no/"])(
  "the page %s loads a stylesheet that caches keep for good, and nothing else",
  async (path) => {
    const rig = new Rig(TEAM);
    const page = (await rig.get(path, READER)).text();
    const [, style = ""] = /<link rel="stylesheet" href="([^"]*)"/.exec(page) ?? [];
    const sheet = await rig.get(new URL(style, `https://edge.test${path}`).pathname);
    expect([sheet.status, sheet.headers.get("Content-Type"), sheet.headers.get("Cache-Control"), sheet.text()]).toEqual(
      [200, "text/css; charset=utf-8", expect.stringContaining("immutable"), STYLE],
    );
    expect(STYLE).not.toMatch(/url\(|@import/);
    expect(page).not.toMatch(/<(?:img|iframe|object|embed)|style="|\son[a-z]+="/);
  },
);

test("another stylesheet is none, so that no cache keeps a wrong one", async () => {
  const answer = await new Rig().get("/-/style/0123456789abcdef.css");
  expect([answer.status, answer.headers.get("Cache-Control")]).toEqual([404, "no-store"]);
});

test("crawlers are told to stay away, of pages as well", async () => {
  const rig = new Rig();
  expect((await rig.get("/robots.txt")).text()).toBe("User-agent: *\nDisallow: /\n");
  expect((await rig.get("/")).text()).toContain('<meta name="robots" content="noindex, nofollow"/>');
});
