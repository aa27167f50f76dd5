import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { billOf } from "../../cli/cost/bill.ts";
import { readScenario, SCENARIOS } from "../../cli/cost/read-scenario.ts";
import { distinct, hitRatio, zipfShares } from "../../cli/cost/zipf.ts";
import { PROJECT_FOLDER } from "../../cli/lib/project-folder.ts";

const linesOf = async (name: string) => {
  const { lines, total } = billOf(await readScenario(name));
  return { total, of: Object.fromEntries(lines.map(({ line, used, dollars }) => [line, { used, dollars }])) };
};

test("a thousand million public requests are billed as requests, whatever answers them", async () => {
  const { of } = await linesOf("public");
  expect(of["requests"]?.used).toBeGreaterThan(999e6);
  expect(of["requests"]?.dollars).toBeCloseTo(297, 0);
});

test("what the plan includes costs nothing, and what is above it costs by the unit", async () => {
  const own = await readScenario("team-of-50");
  const stored = { ...own.stored, r2: 1_010, kv: 1 };
  const { lines, total } = billOf({ ...own, stored });
  expect(lines.find(({ line }) => line === "r2Storage")?.dollars).toBeCloseTo(15);
  expect(lines.find(({ line }) => line === "kvStorage")?.dollars).toBe(0);
  expect(total).toBeCloseTo(20);
});

test.each(SCENARIOS)("the limit of the free plan that %s uses up first comes first", async (name) => {
  const { free } = billOf(await readScenario(name));
  const shares = free.map(({ used, limit }) => used / limit);
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
});

test("300 installs a day stay below each limit of the free plan but the CPU of one request, which falls first", async () => {
  const { users, installs } = await readScenario("small-team");
  expect(users * installs).toBe(300);
  const above = billOf(await readScenario("small-team")).free.filter(({ used, limit }) => used > limit);
  expect(above.map(({ name, each }) => `${name} a ${each}`)).toEqual(["CPU milliseconds a request"]);
});

test("the share of pages at the edge in the public scenario is what 60 s in one cache give", async () => {
  const { users, installs, install, projects, edge } = await readScenario("public");
  const inAMinute = (users * installs * install.pages * 60) / 86_400;
  expect(hitRatio(zipfShares(projects.count, projects.zipf), inAMinute)).toBeCloseTo(edge.pages, 2);
});

test("Zipf's law: equal shares at an exponent of 0, and few requests ask for as many things", () => {
  const equal = zipfShares(4, 0);
  expect([...equal]).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(hitRatio(equal, 4)).toBe(0.5);
  expect(distinct(equal, 1_000)).toBeCloseTo(4);
  expect(distinct(zipfShares(1_000_000, 0), 10)).toBeCloseTo(10, 2);
});

test("a scenario that is wrong is refused with a sentence that names what is", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cost-"));
  const file = join(folder, "ours.toml");
  await writeFile(
    file,
    'title = "ours"\nindex = "elsewhere"\nuser = 50\n[install]\npages = "many"\nmetadata = 1\nfiles = 1\nwheels = 1\n',
  );
  const run = promisify(execFile)(process.execPath, [join(PROJECT_FOLDER, "cli/pypi-edge.ts"), "cost", file]);
  const { stderr } = await run.catch((error: { readonly stderr: string }) => error);
  expect(stderr).toContain('index: must be "team" or "default"; users: must be given;');
  expect(stderr).toContain("; install.pages: must be a number; install.wheels: is not known;");
  expect(stderr).toMatch(/; user: is not known\.\n$/);
  await rm(folder, { recursive: true });
});

test.each([
  ["is empty", "# nothing yet\n", "ours.toml is empty. Begin with a copy of a file in schema/scenarios."],
  ["is UTF-16", Buffer.from('\uFEFFtitle = "ours"\n', "utf16le"), "ours.toml is UTF-16 text, which PowerShell"],
  ["has a title of two lines", 'title = "a\\u001b[31m\\nb"\n', "title: must be a line of text"],
])("a scenario that %s is told of that", async (_what, text, sentence) => {
  const folder = await mkdtemp(join(tmpdir(), "cost-"));
  await writeFile(join(folder, "ours.toml"), text);
  await expect(readScenario(join(folder, "ours.toml"))).rejects.toThrow(sentence);
  await rm(folder, { recursive: true });
});
