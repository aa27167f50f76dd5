import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { buildWheel } from "../../../../cli/demo/wheel.ts";
import { findChromium } from "../chromium.ts";
import { fakeIndex } from "../fake-index/fake-index.ts";
import { Rig } from "../rig.ts";
import { Team, upload } from "../team.ts";
import { upstreamContent } from "./content.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** How pages are looked at. */
export const SCREENS = {
  desktop: { viewport: { width: 1_280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const satisfies Record<string, BrowserContextOptions>;

/** A page that was opened, and what its browser complained of. */
export interface Visited {
  readonly page: Page;
  /** What the console said: reports of the policy among them. */
  readonly said: readonly string[];
  /** Addresses of other servers that were asked. */
  readonly foreign: readonly string[];
  readonly close: () => Promise<void>;
}

/** A running pypi-edge with something to see, and a browser. */
export class Site {
  readonly rig: Rig;
  readonly token: string;
  readonly #browser: Browser;

  private constructor(rig: Rig, token: string, browser: Browser) {
    this.rig = rig;
    this.token = token;
    this.#browser = browser;
  }

  /** @param options further ones of `npm start` */
  static async open(...options: string[]): Promise<Site> {
    const rig = await Rig.open(
      fakeIndex(await upstreamContent(), () => "pypi"),
      ...options,
    );
    try {
      const team = new Team(rig);
      const token = await team.token({ name: "acme release", scopes: ["read", "upload"] });
      for (const [name, version] of [
        ["acme-tools", "1.0"],
        ["acme-tools", "1.1"],
        ["acme-models", "0.3"],
        ["acme-billing", "12.0.1"],
      ] as const) {
        const about = `Summary: What ${name} is for\nDescription-Content-Type: text/markdown\n\n# ${name}\n\nOurs.\n`;
        await upload(team.legacy(), token, await buildWheel({ name, version, requires: ["bread"], about }));
      }
      // The names of the upstream, and some files of one project, are stored.
      for (const path of ["", "bread/", "hostile/"]) await (await fetch(new URL(path, rig.index))).arrayBuffer();
      const page = await fetch(new URL("bread/", rig.index), {
        headers: { Accept: "application/vnd.pypi.simple.v1+json" },
      });
      const { files } = (await page.json()) as { files: { url: string }[] };
      for (const { url } of files.slice(0, 3)) await (await fetch(new URL(url, page.url))).arrayBuffer();
      const launching = {
        executablePath: findChromium() ?? "",
        args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
      };
      return new Site(rig, token, await chromium.launch(launching));
    } catch (error) {
      await rig.close();
      throw error;
    }
  }

  get origin(): string {
    return new URL(this.rig.index).origin;
  }

  /** Opens a page in a browser that knows nothing yet; those of the team's index with a token, unless the options have headers. */
  async visit(path: string, options: BrowserContextOptions = {}): Promise<Visited> {
    const headers = path.startsWith("/team") ? { Authorization: `Bearer ${this.token}` } : {};
    const context = await this.#browser.newContext({ ...SCREENS.desktop, extraHTTPHeaders: headers, ...options });
    await context.exposeFunction("sentinel", () => said.push("something active came through"));
    const page = await context.newPage();
    const said: string[] = [];
    const foreign: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith(this.origin) && !request.url().startsWith("data:")) foreign.push(request.url());
    });
    await page.goto(this.origin + path);
    return { page, said, foreign, close: () => context.close() };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.rig.close();
  }
}

/** What axe finds on a page, in short. It runs in a world of its own, so that the page's policy does not concern it. */
export async function axeFindings(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const world = { frameId: frameTree.frame.id, worldName: "axe" };
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", world);
  await session.send("Runtime.evaluate", { expression: AXE, contextId });
  const run =
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`))";
  const { result } = await session.send("Runtime.evaluate", {
    expression: run,
    contextId,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  return result.value as string[];
}
