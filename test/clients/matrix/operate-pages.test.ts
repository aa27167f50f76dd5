import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeDirectory, temporaryDirectory } from "../../../cli/demo/leftovers.ts";
import { HOUR } from "../../../worker/duration.ts";
import { findChromium } from "../../support/node/chromium.ts";
import { axeFindings, SCREENS, Site, type Visited } from "../../support/node/pages/site.ts";

const IMAGES = join(import.meta.dirname, "..", "..", "..", "docs", "images");

/** Beside the shipped indexes one whose policy holds all that the upstream has. */
const CONFIGURATION = `[vars]
QUOTA = 5

[vars.INDEXES.default]
sources = ["pypi"]

[vars.INDEXES.team]
sources = ["default"]
hosted = true

[vars.INDEXES.careful]
sources = ["pypi"]
policy = { min_age = "2000d" }
`;

const LOOKS = {
  dashboard: "/-/",
  audit: "/-/audit",
  exemptions: "/-/exemptions?what=bread==2.1&index=careful",
  jobs: "/-/jobs",
} as const;

describe.skipIf(findChromium() === undefined)("the pages of those who operate a server, in Chromium", () => {
  const folder = temporaryDirectory();
  let site: Site;
  let token: string;
  const visits: Visited[] = [];
  beforeAll(async () => {
    const file = join(folder, "pypi-edge.toml");
    writeFileSync(file, CONFIGURATION);
    site = await Site.open("--config", file);
    token = readFileSync(join(site.rig.state, "admin-token"), "utf8").trim();
    await happened(site);
  }, 120_000);
  afterAll(async () => {
    for (const { close } of visits) await close();
    await site?.close();
    removeDirectory(folder);
  });

  const signedIn = async (path: string, options: BrowserContextOptions = {}) => {
    const visited = await site.visit(path, { extraHTTPHeaders: {}, ...options });
    visits.push(visited);
    const { page, said } = visited;
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "Account" }).waitFor();
    // That a token was needed.
    const own = () => said.filter((line) => !line.includes("401"));
    return { ...visited, own };
  };
  const told = (page: Page, text: string) => page.getByRole("status").getByText(text).waitFor();

  describe.each([true, false])("with scripts: %s", (javaScriptEnabled) => {
    test("an exemption is made from a link, seen, and ended early", async () => {
      const { page, own } = await signedIn(LOOKS.exemptions, { javaScriptEnabled });
      await page.getByLabel("Why").fill("Our ovens are cold.");
      await page.getByRole("button", { name: "Let it through" }).click();
      await told(page, "bread==2.1 is exempted in careful until ");
      expect((await fetch(`${site.origin}/careful/simple/bread/`)).status).toBe(200);
      await page.locator("summary").getByText("End it now").click();
      await page.getByRole("button", { name: "End the exemption of bread==2.1" }).click();
      await told(page, "the rules apply again");
      expect((await fetch(`${site.origin}/careful/simple/bread/`)).status).toBe(451);
      expect(own()).toEqual([]);
    });

    test("dead letters are discarded, and a job is run and tried", async () => {
      letters(site, 2);
      const { page, own } = await signedIn("/-/jobs", { javaScriptEnabled });
      await page.getByRole("form", { name: "sweep" }).getByLabel("change nothing").check();
      await page.getByRole("button", { name: "Run sweep" }).click();
      await told(page, "sweep (dry run): ");
      await page.locator("summary").getByText("Discard").click();
      await page.getByRole("button", { name: "Discard all 2" }).click();
      await told(page, "discard: 2 messages of the queue fills were discarded.");
      await page.getByRole("heading", { name: "0 dead letters" }).waitFor();
      expect(own()).toEqual([]);
    });

    test("the audit log is filtered, and given as a file", async () => {
      const { page, own } = await signedIn("/-/audit", { javaScriptEnabled });
      await page.getByLabel("Did").selectOption("upload");
      await page.getByRole("textbox", { name: "Project", exact: true }).fill("acme-tools");
      await page.getByRole("button", { name: "Show" }).click();
      await page.waitForURL(/action=upload/);
      expect(await page.locator("tbody > tr").count()).toBe(2);
      const downloading = page.waitForEvent("download");
      await page.getByRole("link", { name: "All of this as CSV" }).click();
      const download = await downloading;
      expect(download.suggestedFilename()).toBe("audit.csv");
      const lines = readFileSync(await download.path(), "utf8").split("\r\n");
      expect([lines.length, lines[1]]).toEqual([
        4,
        expect.stringContaining('"acme-tools","acme_tools-1.1-py3-none-any.whl"'),
      ]);
      expect(own()).toEqual([]);
    });
  });

  test.for(
    Object.entries(LOOKS).flatMap(([name, path]) =>
      (["desktop", "phone"] as const).flatMap((screen) =>
        (["light", "dark"] as const).map((colorScheme) => ({ name, path, screen, colorScheme })),
      ),
    ),
  )(
    "$name on a $screen, $colorScheme: axe finds nothing, the policy reports nothing, nothing is wider than the screen",
    async ({ name, path, screen, colorScheme }) => {
      letters(site, 1);
      const { page, own, foreign } = await signedIn(path, { ...SCREENS[screen], colorScheme });
      expect(await axeFindings(page)).toEqual([]);
      expect([own(), foreign]).toEqual([[], []]);
      expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
      // Each page in two of four ways: the others differ in colours or in width alone.
      if (process.env["WRITE_IMAGES"] === undefined || (screen === "desktop") !== (colorScheme === "light")) return;
      mkdirSync(IMAGES, { recursive: true });
      const file = join(IMAGES, `${name}-${screen}-${colorScheme}.png`);
      await page.screenshot({ path: file, scale: "css", fullPage: screen === "desktop" });
    },
  );
});

/** Changes a server's database from beside it. */
function written(site: Site, change: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(site.rig.state, "database.sqlite"), { timeout: 5_000 });
  try {
    change(db);
  } finally {
    db.close();
  }
}

/** Has so many messages of a queue given up. */
const letters = (site: Site, count: number) =>
  written(site, (db) => {
    db.exec("DELETE FROM dead_letter");
    const body = JSON.stringify({
      source: "https%3A%2F%2Fpypi.org%2Fsimple%2F",
      file: "bread-2.1.tar.gz",
      part: "file",
    });
    const add = db.prepare("INSERT INTO dead_letter (id, queue, body, died_at) VALUES (?, 'pypi-edge-fills', ?, 1)");
    for (let n = 0; n < count; n++) add.run(String(n), body);
  });

/** What the counters of a small team have come to at each hour of a day, by counter and labels. */
const A_DAY: readonly (readonly [figure: string, labels: object, perHour: number])[] = [
  ["requests.memory", { family: "simple", status: "200", via: "memory" }, 400],
  ["requests.kv", { family: "simple", status: "200", via: "kv" }, 90],
  ["requests.r2", { family: "files", status: "200", via: "r2" }, 210],
  ["requests.d1", { family: "simple", status: "200", via: "d1" }, 30],
  ["requests.upstream", { family: "simple", status: "200", via: "upstream" }, 25],
  ["fileBytes.r2", { via: "r2" }, 3e9],
  ["fileBytes.upstream", { via: "upstream" }, 1.5e8],
  ["upstreamRequests.ok", { outcome: "ok" }, 20],
  ["upstreamRequests.unchanged", { outcome: "unchanged" }, 60],
  ["upstreamRequests.absent", { outcome: "absent" }, 3],
  ["upstreamSeconds", { outcome: "ok" }, 12],
  ["verdicts.enforce", { mode: "enforce", rule: "min-age" }, 2],
  ["verdicts.audit", { mode: "audit", rule: "vulnerable" }, 5],
];

/** Writes a day of figures, and what they are now; and what clients asked for. */
async function happened(site: Site): Promise<void> {
  const now = Date.now();
  const sum = (perHour: number, hours: number) => Math.round(perHour * (hours + 2 * Math.sin(hours / 4)));
  const kept = (hours: number) => ({ stored: 2e9 + sum(4e7, hours), hosted: 3.2e8 });
  // Uses and counts are written behind answers, some minutes late, or with a scrape.
  const headers = { Authorization: `Bearer ${readFileSync(join(site.rig.state, "admin-token"), "utf8").trim()}` };
  await (await fetch(`${site.origin}/-/metrics`, { headers })).text();
  written(site, (db) => {
    const record = db.prepare("INSERT OR REPLACE INTO figures (at, figures) VALUES (?, ?)");
    for (let hours = 0; hours <= 25; hours++) {
      const sums = Object.fromEntries(A_DAY.map(([figure, , perHour]) => [figure, sum(perHour, hours)]));
      const failed = hours < 18 ? 0 : hours < 20 ? 40 * (hours - 17) : 80;
      const figures = { ...kept(hours), ...sums, dead: hours === 19 ? 2 : 0, "upstreamRequests.failed": failed };
      record.run(now - (25.5 - hours) * HOUR, JSON.stringify(figures));
    }
    const count = db.prepare(
      "INSERT INTO counter (name, labels, value) VALUES (?1, ?2, ?3) ON CONFLICT (name, labels) DO UPDATE SET value = value + ?3",
    );
    for (const [figure, labels, perHour] of A_DAY) {
      count.run(figure.split(".")[0] ?? "", JSON.stringify(labels), sum(perHour, 25.5));
    }
    count.run("upstreamRequests", JSON.stringify({ outcome: "failed" }), 80);
    count.run("verdicts", JSON.stringify({ mode: "exempted", rule: "min-age" }), 9);
    const { stored, hosted } = kept(25.5);
    db.exec(`UPDATE stored SET bytes = ${stored}; UPDATE hosted SET bytes = ${hosted}`);
    const error = db.prepare("INSERT OR REPLACE INTO last_event (event, at, what, reason) VALUES (?, ?, ?, ?)");
    error.run(
      "upstream-failed",
      now - 7 * HOUR,
      "bread, served from the store",
      "pypi.org: it has not answered for 10 s",
    );
  });
}
