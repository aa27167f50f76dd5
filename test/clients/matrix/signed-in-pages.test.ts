import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../../support/node/chromium.ts";
import { axeFindings, SCREENS, Site, type Visited } from "../../support/node/pages/site.ts";
import { Team } from "../../support/node/team.ts";

const IMAGES = join(import.meta.dirname, "..", "..", "..", "docs", "images");
const PROJECT = "/team/project/acme-tools/";

/** What there are images of. */
const IN_DOCS = new Set(["sign-in", "tokens", "manage"]);

/** What the console says of each page that is not to be opened without a token. */
const REFUSED = /status of (?:401|403|409|422)/;

describe.skipIf(findChromium() === undefined)("signed in, in Chromium", () => {
  let site: Site;
  let token: string;
  const visits: Visited[] = [];
  beforeAll(async () => {
    site = await Site.open();
    token = await new Team(site.rig).token({ name: "acme lead", scopes: ["admin"], expires: "30d" });
  }, 120_000);
  afterAll(async () => {
    for (const { close } of visits) await close();
    await site?.close();
  });

  const visit = async (path: string, options: BrowserContextOptions = {}) => {
    const visited = await site.visit(path, { extraHTTPHeaders: {}, ...options });
    visits.push(visited);
    return visited;
  };

  async function signIn(page: Page, secret = token): Promise<void> {
    await page.getByLabel("Token").fill(secret);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  const signedIn = async (path: string, options: BrowserContextOptions = {}) => {
    const visited = await visit("/-/sign-in", options);
    await signIn(visited.page);
    await headed(visited.page, "acme lead");
    await visited.page.goto(site.origin + path);
    return visited;
  };

  const open = (page: Page, what: string | RegExp) => page.locator("summary").getByText(what).first().click();
  const headed = (page: Page, name: string) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  const told = (page: Page, text: string) => page.getByRole("status").getByText(text).waitFor();
  const canRead = async (secret: string) =>
    (await fetch(`${site.origin}/team/`, { headers: { Authorization: `Bearer ${secret}` } })).status;

  describe.each([true, false])("with scripts: %s", (javaScriptEnabled) => {
    test("a page that needs a token asks for one in itself, and signing out ends it", async () => {
      const { page, said } = await visit("/team/", { javaScriptEnabled });
      await signIn(page, "something-else");
      await page.getByRole("alert").getByText("This token is not known here").waitFor();
      await signIn(page);
      await headed(page, "team");
      expect(page.url()).toBe(`${site.origin}/team/`);
      expect(await page.getByRole("link", { name: "acme-tools" }).isVisible()).toBe(true);
      await page.getByRole("link", { name: "Account" }).click();
      await headed(page, "acme lead");
      expect(await page.context().cookies()).toMatchObject([
        { name: "pypi-edge", path: "/", httpOnly: true, sameSite: "Strict" },
      ]);
      await page.getByRole("button", { name: "Sign out", exact: true }).click();
      await headed(page, "Sign in");
      expect(await page.context().cookies()).toEqual([]);
      await page.goto(`${site.origin}/team/`);
      await headed(page, "Sign in");
      expect(said.filter((line) => !REFUSED.test(line))).toEqual([]);
    });

    test("a token is made, shown once, used, and revoked", async () => {
      const { page, said } = await signedIn("/-/tokens", { javaScriptEnabled });
      await open(page, "Make a token");
      await page.getByLabel("Name").fill("a release job");
      await page.getByLabel("Index").selectOption("team");
      await page.getByRole("button", { name: "Make the token" }).click();
      await headed(page, "a release job");
      const made = (await page.locator("main code").first().textContent()) ?? "";
      expect([made, await canRead(made)]).toEqual([expect.stringMatching(/^pypi-edge_[\w-]{60}$/), 200]);
      expect(page.url()).not.toContain("pypi-edge_");
      await page.reload();
      expect(await page.content()).not.toContain(made);
      await page.goto(`${site.origin}/-/tokens`);
      const row = page.locator("tr", { hasText: "a release job" }).first();
      await row.locator("summary").click();
      await row.getByRole("button", { name: "Revoke a release job" }).click();
      await told(page, "is revoked");
      expect(await canRead(made)).toBe(401);
      expect(said.filter((line) => !REFUSED.test(line))).toEqual([]);
    });

    test("a release is yanked with a reason, and unyanked", async () => {
      const { page, said } = await signedIn(PROJECT, { javaScriptEnabled });
      await open(page, "Yank 1.1");
      await page.getByLabel("Reason").first().fill("It was built without its data.");
      await page.getByRole("button", { name: "Yank 1.1" }).click();
      await told(page, "is yanked (It was built without its data.) now");
      expect(await page.getByText("This release is yanked").isVisible()).toBe(true);
      // Loading the page again sends nothing again.
      await page.reload();
      await open(page, "Unyank 1.1");
      await page.getByRole("button", { name: "Unyank 1.1" }).click();
      await told(page, "is not yanked now");
      expect(said).toEqual([]);
    });

    test("a release is deleted by its project's name, and restored", async () => {
      const { page, said } = await signedIn(PROJECT, { javaScriptEnabled });
      await open(page, "Delete 1.1");
      await page.getByLabel("Type acme-tools").fill("acme-models");
      await page.getByRole("button", { name: "Delete 1.1" }).click();
      await headed(page, "This cannot be done");
      await page.goBack();
      if (!(await page.getByLabel("Type acme-tools").isVisible())) await open(page, "Delete 1.1");
      await page.getByLabel("Type acme-tools").fill("acme-tools");
      await page.getByRole("button", { name: "Delete 1.1" }).click();
      await headed(page, "acme-tools 1.0");
      await open(page, "Deleted: 1 release");
      await page.getByRole("button", { name: "Restore 1.1" }).click();
      await told(page, "is restored");
      expect(said.filter((line) => !REFUSED.test(line))).toEqual([]);
    });
  });

  test("a page of another site cannot send a form in the name of who is signed in, and a link of it leads on", async () => {
    const { page } = await signedIn("/team/");
    const here = new URL(site.origin);
    // The same machine by another name is another site, and another port is another origin of the same site.
    await page.route("http://localhost:1/**", (route) =>
      route.fulfill({
        contentType: "text/html",
        body: `<form method=post action="${here.origin}/-/sign-out"><button>Send</button></form><a href="${here.origin}/team/">Look</a>`,
      }),
    );
    await page.goto("http://localhost:1/");
    await page.getByRole("button", { name: "Send" }).click();
    await headed(page, "Not allowed");
    await page.goto("http://localhost:1/");
    await page.getByRole("link", { name: "Look" }).click();
    await page.getByRole("link", { name: "open this page" }).click();
    await headed(page, "team");
    expect(new URL(page.url()).pathname).toBe("/team/");
  });

  const LOOKS = {
    "sign-in": { path: "/-/sign-in", isIn: false },
    "who you are": { path: "/-/sign-in", isIn: true },
    tokens: { path: "/-/tokens", isIn: true, opened: "Make a token" },
    manage: { path: PROJECT, isIn: true, opened: "Yank 1.1" },
    refused: { path: "/-/", isIn: true },
  } as const;

  test.for(
    Object.entries(LOOKS).flatMap(([name, look]) =>
      (["desktop", "phone"] as const).flatMap((screen) =>
        (["light", "dark"] as const).map((colorScheme) => ({ name, look, screen, colorScheme })),
      ),
    ),
  )(
    "$name on a $screen, $colorScheme: axe finds nothing, the policy reports nothing, nothing is wider than the screen",
    async ({ name, look, screen, colorScheme }) => {
      const { page, said, foreign } = await (look.isIn ? signedIn : visit)(look.path, {
        ...SCREENS[screen],
        colorScheme,
      });
      if ("opened" in look) await open(page, look.opened);
      expect(await axeFindings(page)).toEqual([]);
      expect([said.filter((line) => !REFUSED.test(line)), foreign]).toEqual([[], []]);
      expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
      if (
        process.env["WRITE_IMAGES"] === undefined ||
        !IN_DOCS.has(name) ||
        (screen === "desktop") !== (colorScheme === "light")
      )
        return;
      mkdirSync(IMAGES, { recursive: true });
      const options = { path: join(IMAGES, `${name}-${screen}-${colorScheme}.png`), scale: "css" } as const;
      if (name === "manage") await page.locator("section", { has: page.locator("#manage") }).screenshot(options);
      else await page.screenshot({ ...options, fullPage: true });
    },
  );
});
