import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { DAY } from "../../worker/duration.ts";
import { file, NOW } from "../support/guarded.ts";
import { filesOn, host, OPEN_TEAM, pageIn } from "../support/hosted.ts";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream, sha256, type FakeFile } from "../support/upstream.ts";

const [STAYS, GOES, UNSTORED] = [file("1.0", NOW - 30 * DAY), file("2.0", NOW - 20 * DAY), file("3.0", NOW - 10 * DAY)];
const ALL = [STAYS, GOES, UNSTORED];
const VERSIONS = { versions: ["1.0", "2.0", "3.0"] };

/** A source with these rules, of which the first two files are stored. */
async function ruled(rules: Record<string, unknown>, files: readonly FakeFile[] = ALL) {
  const rig = new Rig({
    ...OPEN_TEAM,
    UPSTREAMS: { pypi: { url: FakeUpstream.INDEX, files: "https://files.upstream.test/", ...rules } },
  });
  await rig.upstream.publish("demo", files, VERSIONS);
  for (const each of [STAYS, GOES]) {
    await rig.get(filePath(each.filename));
    await rig.get(`${filePath(each.filename)}.metadata`);
  }
  return rig;
}

/** The names that the page lists, and the status of `GOES` and of its metadata. */
async function stateOf(rig: Rig) {
  const page = await pageIn(rig, "", "demo");
  const path = filePath(GOES.filename);
  return [
    page.status === 200 ? filesOn(page)?.toSorted() : page.status,
    (await rig.get(path)).status,
    (await rig.get(`${path}.metadata`)).status,
  ];
}

/** The events of this kind that are logged meanwhile. */
async function eventsIn(work: () => Promise<unknown>): Promise<string[]> {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await work();
  const lines = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.includes("upstream-changed"));
  warn.mockRestore();
  return lines;
}

const stored = async () => (await env.FILES.list()).objects.filter(({ key }) => key.includes(GOES.filename)).length;

const names = (...files: FakeFile[]) => files.map(({ filename }) => filename);

/** Later than any page is fresh. */
const LATER = DAY;

describe.each([
  { removal: undefined, page: names(STAYS, UNSTORED), status: 200, left: 2 },
  { removal: "keep", page: names(STAYS, GOES, UNSTORED), status: 200, left: 2 },
  { removal: "hide", page: names(STAYS, UNSTORED), status: 404, left: 2 },
  { removal: "drop", page: names(STAYS, UNSTORED), status: 404, left: 0 },
])("on_upstream_removal = $removal", ({ removal, page, status, left }) => {
  const rules = removal === undefined ? {} : { on_upstream_removal: removal };

  test("a file that its upstream no longer lists: page and address agree, at every later check", async () => {
    const rig = await ruled(rules);
    await rig.upstream.publish("demo", [STAYS, UNSTORED], { versions: ["1.0", "3.0"] });
    const told: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      rig.wait(LATER);
      rig.restart();
      told.push(...(await eventsIn(async () => expect(await stateOf(rig)).toEqual([page, status, status]))));
    }
    expect(told).toHaveLength(removal === undefined ? 0 : 1);
    for (const line of told) expect(line).toContain(GOES.filename);
    const { results } = await env.DB.prepare("SELECT actor_name, action, project, subject, details FROM audit").all();
    expect(results).toEqual(
      told.map(() => ({
        actor_name: "pypi",
        action: "upstream.remove",
        project: "demo",
        subject: GOES.filename,
        details: JSON.stringify({ done: removal }),
      })),
    );
    expect(await stored()).toBe(left);
    // What the upstream lists again is as it was.
    await rig.upstream.publish("demo", ALL, VERSIONS);
    rig.wait(LATER);
    expect(await stateOf(rig)).toEqual([names(...ALL), 200, 200]);
    expect((await pageIn(rig, "", "demo")).text()).not.toContain("_kept");
  });

  test("a project that is gone", async () => {
    const rig = await ruled(rules);
    rig.upstream.on(`${FakeUpstream.INDEX}demo/`, () => new Response("", { status: 404 }));
    for (let turn = 0; turn < 2; turn++) {
      rig.wait(LATER);
      rig.restart();
      // Only what is stored can be kept.
      expect(await stateOf(rig)).toEqual([removal === "keep" ? names(STAYS, GOES) : 404, status, status]);
    }
    expect(await stored()).toBe(left);
  });

  test("a project under quarantine has none of its files given", async () => {
    const rig = await ruled(rules);
    await rig.upstream.publish("demo", [], { "project-status": { status: "quarantined" } });
    rig.wait(LATER);
    expect(await stateOf(rig)).toEqual([[], 403, 403]);
  });

  test("hosted files stay as they are", async () => {
    const rig = await ruled(rules);
    const own = await host("parcel", "parcel-1.0-py3-none-any.whl");
    rig.wait(LATER);
    expect((await rig.get(`/team${own.path}`)).status).toBe(200);
  });
});

test("while the upstream fails, nothing counts as removed", async () => {
  const rig = await ruled({ on_upstream_removal: "drop" });
  rig.upstream.down = true;
  rig.wait(LATER);
  expect(await stateOf(rig)).toEqual([names(...ALL), 200, 200]);
});

describe.each(["follow", "keep"])("on_upstream_change = %s", (change) => {
  const OTHER = { ...GOES, bytes: new TextEncoder().encode("other bytes"), metadata: "Name: demo\nSummary: other\n" };

  const servedBytes = async (rig: Rig, base = "") => (await rig.get(base + filePath(GOES.filename))).text();
  const digestOnPage = async (rig: Rig) =>
    (await pageIn(rig, "", "demo")).json?.files.find(({ filename }) => filename === GOES.filename)?.["hashes"];

  test("a stored file with other bytes upstream: page and bytes agree", async () => {
    const rig = await ruled({ on_upstream_change: change });
    await rig.upstream.publish("demo", [STAYS, OTHER, UNSTORED], VERSIONS);
    const now = change === "keep" ? GOES : OTHER;
    const told: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      rig.wait(LATER);
      rig.restart();
      told.push(
        ...(await eventsIn(async () => expect(await digestOnPage(rig)).toEqual({ sha256: await sha256(now.bytes) }))),
      );
      expect(await servedBytes(rig)).toBe(new TextDecoder().decode(now.bytes));
      expect((await rig.get(`${filePath(GOES.filename)}.metadata`)).text()).toBe(now.metadata);
    }
    expect(told).toHaveLength(change === "keep" ? 1 : 0);
  });

  test("why says so", async () => {
    const rig = await ruled({ on_upstream_change: change });
    await rig.upstream.publish("demo", [STAYS, OTHER, UNSTORED], VERSIONS);
    rig.wait(LATER);
    await pageIn(rig, "", "demo");
    const { files } = JSON.parse((await rig.get("/@pre=no/-/why/demo/2.0")).text()) as { files: object[] };
    expect(files).toEqual([
      expect.objectContaining({ filename: GOES.filename, ...(change === "keep" && { upstream: "changed" }) }),
    ]);
    const html = (await rig.get("/@pre=no/-/why/demo/2.0", { Accept: "text/html" })).text();
    expect(html.includes("its upstream has other bytes")).toBe(change === "keep");
  });

  test("a file that was never stored follows its upstream", async () => {
    const rig = await ruled({ on_upstream_change: change });
    const other = { ...UNSTORED, bytes: new TextEncoder().encode("other bytes") };
    await rig.upstream.publish("demo", [STAYS, GOES, other], VERSIONS);
    rig.wait(LATER);
    expect(filesOn(await pageIn(rig, "", "demo"))).toHaveLength(3);
    expect((await rig.get(filePath(UNSTORED.filename))).text()).toBe("other bytes");
  });
});

test("a file that was kept and is no longer stored is given up at the next check, though the upstream is unchanged", async () => {
  const rig = await ruled({ on_upstream_removal: "keep" });
  await rig.upstream.publish("demo", [STAYS, UNSTORED], VERSIONS);
  rig.wait(LATER);
  expect(filesOn(await pageIn(rig, "", "demo"))).toHaveLength(3);
  for (const { key } of (await env.FILES.list()).objects) {
    if (key.includes(GOES.filename)) await env.FILES.delete(key);
  }
  rig.restart();
  rig.wait(LATER);
  expect(filesOn(await pageIn(rig, "", "demo"))).toEqual(names(STAYS, UNSTORED));
});

describe("where the stored page is lost, and its upstream has removed a file since", () => {
  /** As where a write to KV failed, or its entry is gone. */
  async function losePage(rig: Rig) {
    for (const { name } of (await env.PAGES.list()).keys) await env.PAGES.delete(name);
    rig.restart();
  }

  test.each([
    ["keep", names(STAYS, GOES, UNSTORED), 200, 2],
    ["hide", names(STAYS, UNSTORED), 404, 2],
    ["drop", names(STAYS, UNSTORED), 404, 0],
  ])("%s applies to it, and it is reported", async (removal, page, status, left) => {
    const rig = await ruled({ on_upstream_removal: removal });
    await rig.upstream.publish("demo", [STAYS, UNSTORED], { versions: ["1.0", "3.0"] });
    await losePage(rig);
    rig.wait(LATER);
    for (let turn = 0; turn < 2; turn++) {
      const told = await eventsIn(async () => expect(await stateOf(rig)).toEqual([page, status, status]));
      expect(told).toHaveLength(turn === 0 ? 1 : 0);
      rig.restart();
      rig.wait(LATER);
    }
    expect(await stored()).toBe(left);
  });

  test("what is kept is as its bytes say, and yanked: that its page said so is not known any more", async () => {
    const rig = await ruled({ on_upstream_removal: "keep" });
    const entry = async () =>
      (await pageIn(rig, "", "demo")).json?.files.find(({ filename }) => filename === GOES.filename);
    const before = await entry();
    await rig.upstream.publish("demo", [STAYS, UNSTORED], VERSIONS);
    await losePage(rig);
    expect(await entry()).toEqual({
      ...before,
      _kept: "removed",
      size: GOES.bytes.byteLength,
      yanked: expect.stringContaining("no longer lists it"),
    });
    // What the upstream lists again is as the upstream says.
    await rig.upstream.publish("demo", ALL, VERSIONS);
    rig.wait(LATER);
    expect((await entry())?.["yanked"]).toBe(false);
  });

  test("a project that is gone keeps what is stored of it", async () => {
    const rig = await ruled({ on_upstream_removal: "keep" });
    rig.upstream.on(`${FakeUpstream.INDEX}demo/`, () => new Response("", { status: 404 }));
    await losePage(rig);
    rig.wait(LATER);
    expect(await stateOf(rig)).toEqual([names(STAYS, GOES), 200, 200]);
    expect((await pageIn(rig, "", "other")).status).toBe(404);
  });

  test("while the records of what is stored cannot be read, the page is the upstream's", async () => {
    const rig = await ruled({ on_upstream_removal: "keep" });
    await rig.upstream.publish("demo", [STAYS, UNSTORED], { versions: ["1.0", "3.0"] });
    await losePage(rig);
    rig.breakOnce("d1.prepare");
    expect(filesOn(await pageIn(rig, "", "demo"))).toEqual(names(STAYS, UNSTORED));
  });

  test("without a rule nothing is looked for", async () => {
    const rig = await ruled({});
    await rig.upstream.publish("demo", [STAYS, UNSTORED], VERSIONS);
    await losePage(rig);
    expect(filesOn(await pageIn(rig, "", "demo"))).toEqual(names(STAYS, UNSTORED));
  });
});
