import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { pypiEdge } from "../support/node/command.ts";
import { FakeApi } from "../support/node/fake-api.ts";

const ENTRY = {
  id: "0123456789abcdef",
  index: "team",
  kind: "exemption",
  what: "demo==2.0",
  reason: "It fixes our outage.",
  advisory: null,
  created: "2026-11-22T12:00:00.000Z",
  createdBy: "89ab",
  createdByName: "ann",
  expires: "2026-11-29T12:00:00.000Z",
  ended: false,
};

/** The lock is of no matter to the server that answers. */
const LOCK = join(import.meta.dirname, "../../package.json");

const folder = mkdtempSync(join(tmpdir(), "pypi-edge-policy-"));
const api = new FakeApi();
beforeAll(() => api.start());
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  api.sent.length = 0;
});

const answers = (status: number, body: unknown) => {
  api.answer = { status, type: "application/json", parts: [JSON.stringify(body)] };
};
const run = (...args: string[]) => pypiEdge([...args, "--url", api.url, "--token", "t"], tmpdir());
const FOR = ["--index", "team", "--reason", "It fixes our outage.", "--expires", "7d"];

test("exempt add sends the exemption, and says until when it is", async () => {
  answers(201, { entries: [ENTRY], remarks: [] });
  const { code, output } = await run("exempt", "add", "demo==2.0", ...FOR, "--advisory", "MAL-2026-1");
  expect([code, output]).toEqual([
    0,
    "demo==2.0 is exempted in team until 2026-11-29 12:00; the entry is 0123456789abcdef.\n",
  ]);
  expect(api.sent.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual([
    [
      "POST",
      "/-/api/policy/entries",
      {
        index: "team",
        kind: "exemption",
        what: ["demo==2.0"],
        reason: "It fixes our outage.",
        advisory: "MAL-2026-1",
        expires: "7d",
      },
    ],
  ]);
});

test("exempt add of a project suggests the newest version that is refused, and exempts nothing", async () => {
  const files = ["1.0", "2.0", "2.1"].map((version) => ({
    filename: `demo-${version}.tar.gz`,
    version,
    hosted: false,
    verdict: version === "1.0" ? "admitted" : "refused",
    rules: [],
  }));
  answers(200, { index: "team", project: "demo", files });
  const { code, output } = await run("exempt", "add", "demo", ...FOR);
  expect([code, output]).toEqual([2, expect.stringContaining("demo==2.1 is the newest that is refused")]);
  expect(api.sent.map(({ method, url }) => [method, url])).toEqual([["GET", "/team/-/why/demo"]]);
});

test("policy deny sends several, and prints what the server remarks", async () => {
  answers(201, {
    entries: [{ ...ENTRY, kind: "deny", what: "evil-*", expires: null }],
    remarks: ["Entry 1 has no effect any more."],
  });
  const { code, output } = await run("policy", "deny", "evil-*", "demo<2", "--reason", "It is old.");
  expect([code, output.split("\n").toSorted()]).toEqual([
    0,
    ["", "Entry 1 has no effect any more.", "evil-* is denied in team; the entry is 0123456789abcdef."],
  ]);
  expect(JSON.parse(api.sent[0]?.body ?? "")).toMatchObject({
    index: "default",
    kind: "deny",
    what: ["evil-*", "demo<2"],
  });
});

test("exempt list says who made each, and which have ended; exempt remove ends one", async () => {
  answers(200, { entries: [ENTRY, { ...ENTRY, id: "fedc", createdBy: "admin", ended: true }] });
  const listed = await run("exempt", "list", "--index", "team");
  expect(listed.output).toMatch(/0123456789abcdef +team +exemption +demo==2\.0 +2026-11-22 +ann +2026-11-29 12:00/);
  expect(listed.output).toMatch(/fedc .* admin +ended 2026-11-29 12:00/);
  expect(listed.output).toContain("1 of 2 have ended.");
  answers(200, ENTRY);
  const removed = await run("exempt", "remove", ENTRY.id);
  expect(removed.output).toBe("demo==2.0 is not exempted in team any more.\n");
  expect(api.sent.map(({ method, url }) => [method, url])).toEqual([
    ["GET", "/-/api/policy/entries?index=team&kind=exemption"],
    ["DELETE", `/-/api/policy/entries/${ENTRY.id}`],
  ]);
});

/** A moment that is said to be the next full minute: at the one before, the file would not be there. */
const SOON = "2026-11-24T11:59:00.001Z";

test("policy report prints what is not allowed, and fails where something is refused", async () => {
  const pin = {
    project: "demo",
    version: "2.0",
    files: 3,
    refused: 1,
    rules: [{ rule: "min-age", sentence: "It is held." }],
  };
  const pins = [
    { ...pin, status: "held", until: SOON },
    {
      ...pin,
      version: "1.0",
      status: "allowed",
      refused: 0,
      rules: [],
      verified: 2,
      publishers: ["GitHub acme/demo (release.yml)"],
    },
  ];
  const counts = { allowed: 1, held: 1, blocked: 0, unknown: 0 };
  const advisories = [{ id: "GHSA-1", aliases: [], severity: "critical", url: "https://osv.dev/vulnerability/GHSA-1" }];
  const heldFixes = [{ project: "demo", version: "2.0.1", until: SOON, newest: "2.0", advisories }];
  answers(200, { index: "team", pins, counts, elsewhere: [], heldFixes });
  const refused = await run("policy", "report", LOCK, "--index", "team");
  expect([refused.code, refused.output.split("\n").toSorted()]).toEqual([
    1,
    [
      "",
      "demo 2.0  held until 2026-11-24 12:00 UTC  1 of 3 files  It is held.",
      "demo 2.0.1 is held until 2026-11-24 12:00 UTC. The newest version that is admitted, 2.0, is affected by GHSA-1 (critical); this one is not.",
      "team refuses 1 of these packages.",
      "team: 1 allowed, 1 held, 0 blocked, 0 unknown; 1 verified.",
    ],
  ]);
  expect(api.sent[0]?.url).toBe("/-/api/policy/report?filename=package.json&index=team");
  answers(200, { index: "team", pins: pins.slice(1), counts: { ...counts, held: 0 }, elsewhere: [], heldFixes: [] });
  expect((await run("policy", "report", LOCK)).code).toBe(0);
  const named = await run("policy", "report", LOCK, "--publishers");
  expect(named.output).toContain("demo 1.0  verified  2 of 3 files  GitHub acme/demo (release.yml)");
});

test("policy pending and policy forecast print files, and say what was looked at", async () => {
  const looked = { index: "default", days: 30, projects: 2, cut: true, unknown: ["gone"] };
  const time = "2026-11-24T12:00:00.000Z";
  const fix = {
    project: "demo",
    version: "2.0",
    newest: "1.0",
    advisories: [{ id: "PYSEC-1", aliases: [], url: "x" }],
  };
  const files = [{ project: "demo", filename: "demo-2.0.tar.gz", uploadTime: time, until: SOON }];
  answers(200, { ...looked, files, heldFixes: [fix] });
  const held = await run("policy", "pending", "--days", "30");
  expect([held.code, held.output.split("\n").toSorted()]).toEqual([
    0,
    [
      "",
      "1 file is held. Looked at 2 projects that clients asked for in the last 30 days; there are more. Not known now: gone.",
      "demo 2.0 is held. The newest version that is admitted, 1.0, is affected by PYSEC-1; this one is not.",
      "demo-2.0.tar.gz  uploaded 2026-11-24 12:00  held until 2026-11-24 12:00",
    ],
  ]);
  const file = { project: "demo", filename: "demo-2.0.tar.gz", rule: "deny", sentence: "It is denied." };
  answers(200, { ...looked, admitted: 4, files: [file] });
  const next = join(folder, "next.toml");
  writeFileSync(next, 'min_age = "7d"\n');
  const refused = await run("policy", "forecast", "--index", "team", "--policy", next);
  expect(refused.output).toContain("demo-2.0.tar.gz  deny  It is denied.\n");
  expect(refused.output).toContain("1 of 5 files would be refused.");
  expect(api.sent.map(({ url, body }) => [url, body])).toEqual([
    ["/-/api/policy/pending?days=30", ""],
    ["/team/-/api/policy/forecast?days=7", '{"policy":{"min_age":"7d"}}'],
  ]);
});
