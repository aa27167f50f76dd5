import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { requirementTexts } from "../../cli/mirror/asked.ts";
import { dollarsOf, duration, planLines, statusLines } from "../../cli/mirror/lines.ts";
import type { ShownMirror, ShownMirrorPlan } from "../../schema/mirror-api.ts";
import { pypiEdge } from "../support/node/command.ts";
import { FakeApi } from "../support/node/fake-api.ts";

const api = new FakeApi();
const folder = mkdtempSync(join(tmpdir(), "pypi-edge-mirror-"));
beforeAll(() => api.start());
afterAll(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => void api.sent.splice(0));

const answering = (body: unknown, status = 200) =>
  (api.answer = { status, type: "application/json", parts: [JSON.stringify(body)] });
const mirror = (...words: string[]) => pypiEdge(["mirror", ...words, "--url", api.url, "--token", "t"], folder);
const bodies = () => api.sent.map(({ method, url, body }) => [`${method} ${url}`, body === "" ? "" : JSON.parse(body)]);

const NOW = Date.parse("2026-11-29T12:00:00Z");

const STATUS: ShownMirror = {
  source: "pypi",
  serve: "through",
  requestsPerSecond: 10,
  entries: 2,
  projects: 3,
  files: 40,
  bytes: 5_000_000,
  leftOut: 0,
  unexamined: 0,
  due: 0,
  dueSince: null,
  missing: 0,
  missingBytes: 0,
  errors: 0,
  isIdle: true,
  run: null,
};

const RUN: NonNullable<ShownMirror["run"]> = {
  began: "2026-11-29T11:59:00Z",
  heard: "2026-11-29T12:00:00Z",
  isUnderWay: false,
  requests: 300,
  files: 30,
  bytes: 1_000_000,
  retry: null,
  failure: null,
  ceiling: null,
};

const PLAN: ShownMirrorPlan = {
  source: "pypi",
  projects: 800_000,
  files: 9_000_000,
  bytes: 30e12,
  leftOut: 10,
  metadata: 6_000_000,
  stored: 0,
  storedBytes: 0,
  unsized: 0,
  reasons: { latest: 10 },
  read: 300,
  absent: [],
  requests: 15_800_000,
  seconds: 1_580_000,
};

describe("a requirements file", () => {
  test("is read as pip reads it, without markers, hashes and options", () => {
    const text = `# all of it
--index-url https://pypi.org/simple
-e .
Flask[async] >=3,<4 ; python_version > "3.8"  # the web
requests==2.32.0 \\
    --hash=sha256:0123
demo @ https://a.test/demo.whl
`;
    expect(requirementTexts("r.txt", text)).toEqual(["flask[async]>=3,<4", "requests==2.32.0"]);
  });

  test("that names another file, or what is no requirement, is refused with its line", () => {
    expect(() => requirementTexts("r.txt", "\n-r base.txt")).toThrow(
      /^r\.txt, line 2: -r base\.txt names another file/,
    );
    expect(() => requirementTexts("r.txt", "what is this")).toThrow(
      /^r\.txt, line 1: what is this is not a requirement/,
    );
  });
});

test("names, patterns and files are sent together, and a lock's versions", async () => {
  writeFileSync(join(folder, "r.txt"), "flask>=3\n");
  writeFileSync(join(folder, "uv.lock"), LOCK);
  answering({ source: "pypi", entries: 5 });
  const words = ["requests", "--requirements", "r.txt", "--lock", "uv.lock", "--pattern", "acme-*", "--all"];
  const { code, stdout } = await mirror("add", ...words, "--with-dependencies", "--source", "pypi");
  expect([code, stdout]).toEqual([0, "pypi: 5 entries added; pypi-edge mirror status shows how far they are.\n"]);
  const projects = ["requests", "acme-*", "*", "flask>=3", "six==1.17.0"];
  expect(bodies()).toEqual([["POST /-/api/mirror/add", { projects, source: "pypi", withDependencies: true }]]);
  expect(await mirror("add")).toMatchObject({ code: 2 });
});

const LOCK = `version = 1
[[package]]
name = "six"
version = "1.17.0"
source = { registry = "https://pypi.org/simple" }
`;

test("a run that is waited for ends when nothing is left to do, and fails where something failed", async () => {
  answering({ mirrors: [{ ...STATUS, run: RUN }] });
  const done = await mirror("run", "--wait");
  expect([done.code, done.stdout]).toEqual([0, expect.stringContaining("All of it is stored.")]);
  expect(bodies().map(([request]) => request)).toEqual(["POST /-/api/mirror/run", "GET /-/api/mirror?source=pypi"]);
  answering({ mirrors: [{ ...STATUS, errors: 2 }] });
  expect(await mirror("run", "--wait")).toMatchObject({ code: 1 });
});

test("a status has progress, rate, lag and time left", () => {
  const busy = { ...STATUS, isIdle: false, due: 20, unexamined: 5, dueSince: "2026-11-29T10:00:00Z", missing: 40 };
  expect(statusLines({ ...busy, errors: 1, run: { ...RUN, isUnderWay: true } }, NOW)).toEqual([
    'pypi: 3 projects, 40 files (5.0 MB), by 2 entries; serve = "through".',
    "40 files and .metadata are not stored yet (0 B).",
    "20 projects are to be looked at, 5 for the first time; the first for 2 h.",
    "This run so far: 300 requests, 30 files and .metadata (1.0 MB) in 60 s; 5.0 requests a second, of 10.",
    "At that rate, what is known now takes 12 s more.",
    "1 failed the last time: pypi-edge mirror errors shows the reasons. They are tried again.",
  ]);
  const paused = { ...RUN, retry: "2026-11-29T13:00:00Z", failure: "pypi.org answered 429", ceiling: "It is full." };
  expect(statusLines({ ...STATUS, run: paused }, NOW).slice(-2)).toEqual([
    "The upstream is asked again at 2026-11-29T13:00:00Z: pypi.org answered 429.",
    "It is full.",
  ]);
  expect(statusLines({ ...STATUS, entries: 0, projects: 0 }, NOW)).toHaveLength(1);
});

test("a plan says that it does not count what is required, where that is asked for", async () => {
  answering(PLAN);
  expect((await mirror("plan", "demo")).output).not.toContain("not counted");
  const { code, output } = await mirror("plan", "demo", "--with-dependencies");
  expect([code, output]).toEqual([0, expect.stringContaining("What they require is not counted")]);
});

test("a plan has what is fetched, how long that takes, and what it costs", () => {
  expect(planLines(PLAN)).toEqual([
    "800,000 projects: 9,000,000 files (30.0 TB) and 6,000,000 .metadata.",
    "These figures follow from 300 projects that were chosen at random.",
    "The filters leave out 10 files: latest 10.",
    "To fetch: 30.0 TB, by 15,800,000 requests of the upstream; 19 days at the pace that is configured.",
    "On Cloudflare: $108.00 once, and $449.85 a month for what is stored, beyond what is included.",
  ]);
  expect(dollarsOf({ ...PLAN, files: 10, metadata: 0, projects: 1, bytes: 1e9 })).toEqual({ once: 0, monthly: 0 });
  expect([90_000, 7_000_000, 100_000_000, 400_000_000].map(duration)).toEqual(["90 s", "117 min", "28 h", "5 days"]);
});

const FINDING = { project: "demo", isRepaired: false, at: "2026-11-29T12:00:00Z" };

const VERIFICATION = {
  began: "2026-11-29T11:59:00Z",
  ended: "2026-11-29T12:00:00Z",
  sample: 100,
  repair: false,
  cached: false,
  projects: 3,
  passed: 3,
  verified: 2,
  objects: 40,
  bytes: 5_000_000,
  retry: null,
  failure: null,
  counts: [] as object[],
  findings: [] as object[],
};

const verify = (...words: string[]) =>
  pypiEdge(["verify", "--upstream", ...words, "--url", api.url, "--token", "t"], folder);

describe("verify --upstream", () => {
  test("asks the server for a verification, waits for its end, and succeeds where nothing is wrong any more", async () => {
    const counts = [
      { kind: "page-outdated", found: 1, repaired: 1 },
      { kind: "project-vanished", found: 1, repaired: 0 },
    ];
    const findings = [
      { ...FINDING, kind: "project-vanished", file: "", fault: "is no longer there upstream" },
      { ...FINDING, kind: "page-outdated", project: "other", file: "", fault: "was stale", isRepaired: true },
    ];
    answering({ source: "pypi", verification: { ...VERIFICATION, sample: 5, counts, findings } });
    const { code, output } = await verify("--sample", "5%", "--repair", "--cached", "--source", "pypi");
    expect([code, output.trim().split("\n")]).toEqual([
      0,
      [
        "Verified against pypi: projects (a sample of 5 %, 2 of 3), files and .metadata (40, 5.0 MB).",
        "kind               repaired   what",
        "──────────────────────────────────────────────────────────────",
        "project-vanished   no         demo is no longer there upstream",
        "page-outdated      yes        other was stale",
      ],
    ]);
    expect(bodies()).toEqual([
      ["POST /-/api/mirror/verification", { source: "pypi", sample: 5, repair: true, cached: true }],
      ["GET /-/api/mirror/verification?source=pypi", ""],
    ]);
  });

  test("fails where something is wrong still, and says what to do", async () => {
    const counts = [
      { kind: "file-damaged", found: 1, repaired: 0 },
      { kind: "not-checked", found: 1, repaired: 0 },
    ];
    const findings = [{ ...FINDING, kind: "file-damaged", file: "demo-1.whl", fault: "has other bytes" }];
    answering({ source: "pypi", verification: { ...VERIFICATION, counts, findings } });
    const { code, output } = await verify();
    expect(code).toBe(1);
    expect(output).toMatch(/file-damaged +no +demo\/demo-1\.whl has other bytes\n1 more are not shown\./);
    expect(output).toMatch(/file-damaged: Run it with --repair[^]*not-checked: Run it again/);
    expect(JSON.parse((await verify("--json")).output.split("\n")[0] ?? "")).toMatchObject({ source: "pypi" });
  });

  test.each([
    [["--upstream", "--sample", "0"], /--sample 0: must be a number above 0/],
    [["--upstream", "all"], /--upstream is for a server/],
    [["--cached"], /--cached is for --upstream/],
    [["--source", "pypi"], /--source is for --upstream/],
  ])("%j is refused", async (words, sentence) => {
    const { code, output } = await pypiEdge(["verify", ...words], folder);
    expect([code, output]).toEqual([2, expect.stringMatching(sentence)]);
  });
});
