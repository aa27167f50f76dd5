import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOSTILE_READMES } from "../../support/hostile-readmes.ts";
import { findChromium } from "../../support/node/chromium.ts";
import { axeFindings, SCREENS, Site, type Visited } from "../../support/node/pages/site.ts";

const IMAGES = join(import.meta.dirname, "..", "..", "..", "docs", "images");

/** The pages of which there are images, and what of each. */
const PAGES = {
  home: "/",
  team: "/team/",
  project: "/project/bread/",
  search: "/search?q=bread",
} as const;

/** What of a description is active in its page, leads elsewhere than to the web, or is not where it should be. It runs in the page. */
const FAULTS = `[
  ...document.querySelectorAll(".readme :is(script, style, img, iframe, object, embed, svg, math, form, input, base, meta, link, template, [style], [id], [name], [onclick], [onerror])"),
  ...[...document.querySelectorAll(".readme a")].filter(({ protocol }) => !/^(https?|mailto):$/.test(protocol)),
  ...document.querySelectorAll(".readme :is(h1, h2, footer, header, main, #files)"),
  ...(document.querySelectorAll("body > main").length === 1 && document.querySelectorAll("body > footer").length === 1 ? [] : [document.body]),
].map(({ outerHTML }) => outerHTML.slice(0, 200))`;

const isThere = findChromium() !== undefined;
if (!isThere) console.warn("The pages were looked at in no browser: there is no Chromium ($CHROMIUM, or in the path).");

describe.skipIf(!isThere)("pages for people, in Chromium", () => {
  let site: Site;
  const visits: Visited[] = [];
  const visit = async (...args: Parameters<Site["visit"]>) => {
    const visited = await site.visit(...args);
    visits.push(visited);
    return visited;
  };
  beforeAll(async () => {
    site = await Site.open();
  }, 120_000);
  afterAll(async () => {
    for (const { close } of visits) await close();
    await site?.close();
  });

  const LOOKS = Object.entries(PAGES).flatMap(([name, path]) =>
    (["desktop", "phone"] as const).flatMap((screen) =>
      (["light", "dark"] as const).map((colorScheme) => ({ name, path, screen, colorScheme })),
    ),
  );

  test.for(LOOKS)(
    "$name on a $screen, $colorScheme: axe finds nothing, the policy reports nothing, nothing is wider than the screen",
    async (look) => {
      const { name, path, screen, colorScheme } = look;
      const { page, said, foreign } = await visit(path, { ...SCREENS[screen], colorScheme });
      expect(await axeFindings(page)).toEqual([]);
      expect([said, foreign]).toEqual([[], []]);
      expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
      // Each page in two of four ways: the others differ in colours or in width alone.
      if (process.env["WRITE_IMAGES"] === undefined || (screen === "desktop") !== (colorScheme === "light")) return;
      mkdirSync(IMAGES, { recursive: true });
      await page.screenshot({ path: join(IMAGES, `${name}-${screen}-${colorScheme}.png`), scale: "css" });
    },
  );

  test.for(Object.values(PAGES))("%s needs no scrolling to the side at 320 pixels (WCAG 2.2, 1.4.10)", async (path) => {
    const { page } = await visit(path, { viewport: { width: 320, height: 640 } });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
  });

  describe.each([true, false])("with scripts: %s", (javaScriptEnabled) => {
    const asked = (path: string) => visit(path, { javaScriptEnabled });

    test("a project is found by a part of its name, and its page opened", async () => {
      const { page, said } = await asked("/");
      await page.getByRole("searchbox").fill("bread");
      await page.getByRole("searchbox").press("Enter");
      expect(new URL(page.url()).search).toBe("?q=bread");
      const names = await page.locator(".results a").allTextContents();
      expect(names[0]).toBe("bread");
      expect(names).toContain("sourdough-bread");
      await page.getByRole("link", { name: "bread", exact: true }).click();
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Bread 2.1");
      await page.getByRole("link", { name: "flour", exact: true }).click();
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("flour 1.0");
      expect(said).toEqual([]);
    });

    test("files are filtered, an older release is opened, and says that it is yanked", async () => {
      const { page } = await asked("/project/bread/");
      expect(await page.locator("tbody tr th .badge a, tbody tr th > a:first-child").count()).toBeGreaterThan(6);
      await page.locator("select[name=python]").selectOption("cp314t");
      await page.getByRole("button", { name: "Show" }).click();
      expect(await page.getByRole("status").textContent()).toBe("1 of 6 files");
      await page.getByRole("link", { name: "2.0", exact: true }).click();
      await page.getByText("This release is yanked").waitFor();
      expect(await page.getByText("It burns the crust.").first().isVisible()).toBe(true);
    });

    test("what a team has published is on its index's page, with who did it", async () => {
      const { page } = await asked("/team/");
      expect(await page.locator("tbody tr").allTextContents()).toEqual([
        expect.stringContaining("acme-billing"),
        expect.stringContaining("acme-models"),
        expect.stringContaining("acme-tools"),
      ]);
      expect(await page.getByText("acme release").first().isVisible()).toBe(true);
    });

    test("a name that was misspelt leads to the one that was meant", async () => {
      const { page } = await asked("/project/braed/");
      await page.getByRole("link", { name: "bread", exact: true }).click();
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Bread 2.1");
    });
  });

  test("of no hostile description anything comes through, or gets out of its place", async () => {
    const { page, said, foreign } = await visit("/project/hostile/");
    for (const [at, what] of Object.keys(HOSTILE_READMES).entries()) {
      await page.goto(`${site.origin}/project/hostile/1.${at}/`);
      expect([what, await page.evaluate(FAULTS)]).toEqual([what, []]);
    }
    expect([said, foreign]).toEqual([[], []]);
  });

  test("a key leads to the search, and a button copies a command", async () => {
    const { page } = await visit("/project/bread/", { permissions: ["clipboard-read", "clipboard-write"] });
    await page.getByRole("button", { name: "Copy: pip" }).click();
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(
      `pip install --index-url ${site.origin}/simple/ bread`,
    );
    await page.keyboard.press("/");
    expect(await page.evaluate("document.activeElement.name")).toBe("q");
  });

  test("all of a page is reached by the keyboard, first of all its content", async () => {
    const { page } = await visit("/project/bread/");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#content$/);
    expect(await page.evaluate("document.querySelector(':target').tagName")).toBe("MAIN");
  });
});
