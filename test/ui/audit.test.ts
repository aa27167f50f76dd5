import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../../worker/platform/database.ts";
import { ADMIN } from "../../worker/auth/principal.ts";
import { auditEntryStatement } from "../../worker/storage/d1/audit-entry.ts";
import { READER, TEAM } from "../support/hosted.ts";
import { Rig } from "../support/rig.ts";
import { bearer, give } from "../support/tokens.ts";

const db: Database = env.DB;
const START = Date.parse("2026-11-22T12:00:00Z");

let rig: Rig;
beforeEach(async () => {
  rig = new Rig(TEAM);
  const entries = Array.from({ length: 120 }, (_, n) =>
    auditEntryStatement(
      db,
      {
        principal: ADMIN,
        origin: "192.0.2.1",
        action: n % 10 === 0 ? "yank" : "upload",
        index: n % 2 ? "team" : "default",
        project: "demo",
        subject: `demo-${n}.tar.gz`,
        details: n === 119 ? { reason: "<b>broken</b>", advisory: null } : {},
      },
      START + n * 3_600_000,
    ),
  );
  await db.batch(entries);
});

const page = async (query = "", headers = READER) => (await rig.get(`/-/audit${query}`, headers)).text();
const subjects = (text: string) => [...text.matchAll(/demo-(\d+)\.tar\.gz/g)].map(([, n]) => Number(n));
const linkOf = (text: string, words: string) =>
  new RegExp(`href="([^"]*)"[^>]*>${words}<`).exec(text)?.[1]?.replaceAll("&amp;", "&");

describe("the page of the audit log", () => {
  test("has the newest entries first, and leads to older ones", async () => {
    const first = await page();
    expect(subjects(first)).toEqual(Array.from({ length: 50 }, (_, n) => 119 - n));
    expect(first).toContain("&lt;b&gt;broken&lt;/b&gt;");
    expect(first).not.toContain("advisory");
    const second = await page(linkOf(first, "Older"));
    expect(subjects(second)[0]).toBe(69);
    const third = await page(linkOf(second, "Older"));
    expect([subjects(third).length, linkOf(third, "Older"), linkOf(third, "Newest")]).toEqual([20, undefined, "?"]);
  });

  test("is filtered by the address, of which fields that were left empty say nothing", async () => {
    const query = "?actor=ADMIN_TOKEN&action=yank&index=default&project=&since=2026-11-23&until=2026-11-24";
    const filtered = await page(query);
    expect(subjects(filtered)).toEqual([50, 40, 30, 20]);
    expect(filtered).toContain(
      "--actor ADMIN_TOKEN --action yank --index default --since 2026-11-23 --until 2026-11-24",
    );
    expect(filtered).toContain('<option value="yank" selected="">');
    expect(await page("?project=other")).toContain("No entry matches.");
    for (const wrong of ["?action=eat", "?since=soon", "?who=me", "?project=-"]) {
      expect((await rig.get(`/-/audit${wrong}`, READER)).status).toBe(400);
    }
  });

  test("gives all that the filter selects as a file, in either form", async () => {
    const filtered = await page("?action=yank&index=default");
    const csv = await rig.get(`/-/audit${linkOf(filtered, "All of this as CSV")}`, READER);
    expect([csv.headers.get("Content-Type"), csv.headers.get("Content-Disposition")]).toEqual([
      "text/csv; charset=utf-8; header=present",
      'attachment; filename="audit.csv"',
    ]);
    const yanked = Array.from({ length: 12 }, (_, n) => 110 - 10 * n);
    expect(subjects(csv.text())).toEqual(yanked);
    const json = await rig.get(`/-/audit${linkOf(filtered, "All of this as lines of JSON")}`, READER);
    expect(json.headers.get("Content-Disposition")).toBe('attachment; filename="audit.ndjson"');
    expect(subjects(json.text())).toEqual(yanked);
    expect((await rig.get("/-/audit?format=xml", READER)).status).toBe(400);
  });

  test("is for those who administer what is asked for, and kept by no cache", async () => {
    const own = bearer((await give(rig, { scopes: ["admin"], index: "team" })).text);
    expect(subjects(await page("", own))[0]).toBe(119);
    expect(subjects(await page("", own))[1]).toBe(117);
    expect(await page("", own)).toMatch(/<option value="team"(?![^]*<option value="default")/);
    expect(subjects((await rig.get("/-/audit?format=csv", own)).text())).toHaveLength(60);
    const statuses = await Promise.all([
      rig.get("/-/audit"),
      rig.get("/-/audit", bearer((await give(rig)).text)),
      rig.get("/-/audit?index=default", own),
      rig.get("/-/audit?index=default&format=csv", own),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([401, 403, 403, 403]);
    expect((await rig.get("/-/audit", READER)).headers.get("Cache-Control")).toBe("no-store");
  });
});
