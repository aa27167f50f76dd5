import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE } from "../../worker/duration.ts";
import type { OsvRecord } from "../../worker/policy/osv/record.ts";
import { zip } from "../support/archive.ts";
import { DEMO, OLD, YOUNG } from "../support/guarded.ts";
import { filesOn } from "../support/hosted.ts";
import { demoRecord } from "../support/osv.ts";
import { ADMIN_TOKEN, Rig } from "../support/rig.ts";

const ROOT = "https://osv.test/PyPI/";
const HOURLY = "0 * * * *";

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** OSV's export: an archive that is made at times, and files and a list that are always new. */
class Export {
  readonly #rig: Rig;
  readonly #records = new Map<string, { readonly record: OsvRecord; readonly at: number }>();
  #archive: Uint8Array = new Uint8Array();
  knowsRanges = true;

  constructor(rig: Rig) {
    this.#rig = rig;
    rig.upstream.on(`${ROOT}all.zip`, (request) => this.#part(request));
    rig.upstream.on(`${ROOT}modified_id.csv`, () => {
      const lines = [...this.#records].map(([id, { at }]) => `${new Date(at).toISOString()},${id}`);
      return new Response([...lines.toSorted(), "nonsense", "2026-11-2"].join("\n"));
    });
  }

  set(record: OsvRecord): void {
    this.#records.set(record.id, { record, at: this.#rig.now });
    this.#rig.upstream.on(`${ROOT}${record.id}.json`, () => new Response(bytesOf(record)));
  }

  delete(id: string): void {
    this.#records.delete(id);
  }

  async pack(): Promise<void> {
    const files = [...this.#records].map(([id, { record }]) => ({ name: `${id}.json`, content: bytesOf(record) }));
    this.#archive = await zip(files);
  }

  #part(request: Request): Response {
    const all = this.#archive;
    const [, start = "", end = ""] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get("Range") ?? "") ?? [];
    if (!this.knowsRanges || start + end === "") return new Response(all);
    const from = start === "" ? Math.max(0, all.byteLength - Number(end)) : Number(start);
    const to = start === "" || end === "" ? all.byteLength : Math.min(Number(end) + 1, all.byteLength);
    const headers = { "Content-Range": `bytes ${from}-${to - 1}/${all.byteLength}`, ETag: `"${all.byteLength}"` };
    return new Response(all.slice(from, to), { status: 206, headers });
  }
}

let rig: Rig;
let osv: Export;
const MALWARE = demoRecord("MAL-1", {}, "2.0");

beforeEach(async () => {
  rig = new Rig({ OSV: ROOT, INDEXES: { default: { sources: ["pypi"], policy: { malware: "enforce" } } } });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  osv = new Export(rig);
  for (let at = 0; at < 20; at++) osv.set(demoRecord(`PYSEC-${at}`, {}, `9.${at}`));
  rig.wait(HOUR);
  osv.set(MALWARE);
  await osv.pack();
});

const state = () => rig.services.advisoryIndex.state();

/** Whether the page leaves the malware out. */
const refuses = async () => filesOn(await rig.page("demo"))?.length === 1;

async function run(dryRun = false) {
  const { status, text } = await rig.post(`jobs/advisories${dryRun ? "?dry-run=true" : ""}`);
  expect(status).toBe(200);
  return (JSON.parse(text()) as { results: Record<string, unknown>[] }).results;
}

/** What is asked of the export by an hourly run. */
async function hourly() {
  rig.wait(HOUR);
  rig.forget();
  await rig.tick(HOURLY);
  return rig.upstream.requests.filter((line) => line.includes("osv.test")).map((line) => line.replace(ROOT, ""));
}

test("the first run reads all of the export, and policies go by it from then on", async () => {
  expect(await refuses()).toBe(false);
  await hourly();
  expect(await refuses()).toBe(true);
  expect(await state()).toMatchObject({ isLoaded: true, records: 21, entries: 21, checkedAt: rig.now });
});

test("a dry run says what would be, and stores nothing", async () => {
  expect(await run(true)).toEqual([{ kind: "advisories-synced", records: 21, entries: 21, changed: 21, gone: 0 }]);
  expect((await state()).isLoaded).toBe(false);
});

describe("an hourly run", () => {
  beforeEach(() => hourly());

  test("reads what has changed and nothing else, however the list is ordered", async () => {
    rig.wait(MINUTE);
    osv.set(demoRecord("GHSA-new", { database_specific: { cwe_ids: ["CWE-506"] } }, "1.0"));
    osv.set({ ...MALWARE, withdrawn: new Date(rig.now).toISOString() });
    const [list, ...files] = await hourly();
    expect(list).toBe("GET modified_id.csv bytes=0-262143");
    expect(files.toSorted()).toEqual(["GET GHSA-new.json", "GET MAL-1.json"]);
    expect(filesOn(await rig.page("demo"))).toEqual([YOUNG.filename]);
  });

  test("writes no index where nothing says something else", async () => {
    rig.forget();
    await hourly();
    await hourly();
    expect(rig.counts["r2.put"] ?? 0).toBe(0);
    expect((await state()).checkedAt).toBe(rig.now);
  });

  test("once a day finds out what is gone, and reads of the archive only what is another", async () => {
    osv.delete("PYSEC-0");
    osv.set(demoRecord("PYSEC-1", {}, "1.0"));
    await osv.pack();
    rig.wait(3 * DAY);
    const asked = await hourly();
    expect(asked.filter((line) => line.includes("all.zip"))).toHaveLength(2);
    expect(await state()).toMatchObject({ records: 20, comparedAt: rig.now });
  });

  test("reads all records again where the index was made by an earlier version, which counts until then", async () => {
    const key = (await env.FILES.list({ prefix: "advisories/" })).objects[0]?.key ?? "";
    const stored = await env.FILES.get(key);
    const index = new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer());
    index.set(new TextEncoder().encode("OSV1"));
    await env.FILES.put(key, index);
    rig.restart();
    expect(await refuses()).toBe(true);
    expect((await hourly()).filter((line) => line.startsWith("GET all.zip")).length).toBeGreaterThan(0);
    expect(await state()).toMatchObject({ records: 21, failure: undefined });
    const now = (await env.FILES.list({ prefix: "advisories/" })).objects.filter((each) => each.key !== key);
    expect(now).toHaveLength(1);
  });

  test("what is newer than the archive stays", async () => {
    rig.wait(2 * DAY);
    osv.set({ ...MALWARE, withdrawn: new Date(rig.now).toISOString() });
    await hourly();
    expect(await refuses()).toBe(false);
  });

  test("an export that has lost more than a tenth is refused, said and counted, and the last index counts", async () => {
    for (let at = 0; at < 5; at++) osv.delete(`PYSEC-${at}`);
    await osv.pack();
    const reason = "it has 16 records, and there were 21: more than a tenth would be lost";
    expect(await run()).toEqual([{ kind: "advisories-refused", reason }]);
    expect(await state()).toMatchObject({ records: 21, failure: reason });
    rig.wait(100 * DAY);
    expect(await refuses()).toBe(true);
    const metrics = await rig.get("/-/metrics", { Authorization: `Bearer ${ADMIN_TOKEN}` });
    expect(metrics.text()).toContain('pypi_edge_events_total{event="advisories-failed"} 1');
  });
});

test("an export that cannot be reached changes nothing but the state, until it can be", async () => {
  await hourly();
  rig.upstream.down = true;
  await hourly();
  expect((await state()).failure).toContain("osv.test");
  rig.upstream.down = false;
  rig.wait(HOUR);
  await hourly();
  expect((await state()).failure).toBeUndefined();
});

test("a host that knows no ranges gives the archive once", async () => {
  osv.knowsRanges = false;
  expect((await hourly()).filter((line) => line.includes("all.zip"))).toHaveLength(1);
  expect(await refuses()).toBe(true);
});

test("an archive that is replaced while it is read is not put together of two", async () => {
  let etag = 0;
  rig.upstream.on(`${ROOT}all.zip`, () => {
    const headers = { "Content-Range": "bytes 90-99/100", ETag: `"${etag++}"` };
    return new Response("0123456789", { status: 206, headers });
  });
  const read = rig.services.osv?.archive();
  await read?.({ suffix: 10 });
  await expect(read?.({ suffix: 10 })).rejects.toThrow("all.zip was replaced while it was read");
});

test("a record that cannot be read is named, and what was known of it stays", async () => {
  await hourly();
  rig.wait(MINUTE);
  osv.set({ ...MALWARE, affected: "nonsense" as never });
  rig.wait(MINUTE);
  const results = await run();
  expect(results).toContainEqual({ kind: "advisories-unreadable", records: 1, ids: ["MAL-1"] });
  expect(await refuses()).toBe(true);
});

const deleteIndex = async () => {
  const { objects } = await env.FILES.list({ prefix: "advisories/" });
  await env.FILES.delete(objects.map(({ key }) => key));
};

test.each([
  ["is gone", deleteIndex],
  ["cannot be read", async () => rig.breakOnce("r2.get")],
])("an index that %s is made anew, and policies go by it again", async (_, damage) => {
  await hourly();
  await damage();
  rig.restart();
  expect((await hourly()).some((line) => line.startsWith("GET all.zip"))).toBe(true);
  expect(await state()).toMatchObject({ records: 21, failure: undefined });
  expect(await refuses()).toBe(true);
});

test("while the index cannot be read, pages are not given, and the answer says what to do", async () => {
  await hourly();
  await deleteIndex();
  rig.restart();
  const { status, text } = await rig.get("/simple/demo/");
  expect(status).toBe(503);
  expect(text()).toContain("The advisories by which this index refuses files cannot be read right now.");
  expect(text()).toContain("pypi-edge jobs run advisories or, where OSV is empty, pypi-edge osv load.");
});

test("without OSV nothing is asked", async () => {
  rig = new Rig();
  expect(await run()).toEqual([{ kind: "advisories-not-kept" }]);
});
