import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { HOUR } from "../../../../worker/duration.ts";
import {
  decodeIndex,
  encodeIndex,
  shardOffsets,
  UnreadableIndex,
  type AdvisoryIndex,
} from "../../../../worker/policy/osv/index-file.ts";
import type { ProjectName } from "../../../../worker/pypi/name.ts";
import { DEMO, NOW, OLD, withPolicy, YOUNG } from "../../../support/guarded.ts";
import { filesOn } from "../../../support/hosted.ts";
import { demoRecord, storeAdvisories } from "../../../support/osv.ts";
import { onCloudflare, Rig } from "../../../support/rig.ts";

const MALWARE = demoRecord("MAL-1", {}, "2.0");

describe("the file of an index", () => {
  const index: AdvisoryIndex = {
    entries: new Map(
      Array.from({ length: 500 }, (_, at) => [`p${at}` as ProjectName, [{ id: `MAL-${at}`, versions: ["1.0"] }]]),
    ),
    records: new Map([
      ["MAL-1", 0xdeadbeef],
      ["MAL-2", 0],
    ]),
  };

  test("has what it was made of", () => {
    const read = decodeIndex(encodeIndex(index));
    expect(read.entries).toEqual(index.entries);
    expect(read.records).toEqual(index.records);
  });

  test("of nothing has nothing, and names that objects have are names", () => {
    const name = "__proto__" as ProjectName;
    expect(decodeIndex(encodeIndex({ entries: new Map(), records: new Map() })).entries.size).toBe(0);
    const entries = new Map([[name, [{ id: "MAL-1", versions: ["1"] }]]]);
    expect(decodeIndex(encodeIndex({ entries, records: new Map() })).entries).toEqual(entries);
  });

  test.each([
    ["it begins differently", (file: Uint8Array) => file.fill(0, 0, 4)],
    ["its offsets are out of order", (file: Uint8Array) => file.fill(0, 8, 12)],
    ["it is broken off", (file: Uint8Array) => file.subarray(0, 2_000)],
    ["a shard is not JSON", (file: Uint8Array) => file.fill(33, 1_100, 1_110)],
    ["it is empty", (file: Uint8Array) => file.subarray(0, 0)],
  ])("cannot be read where %s", (_, spoil) => {
    expect(() => decodeIndex(spoil(encodeIndex(index)))).toThrow(UnreadableIndex);
  });

  test("has offsets that its header says", () => {
    const offsets = shardOffsets(encodeIndex(index));
    expect(offsets).toHaveLength(257);
  });
});

const guarded = (platform: ConstructorParameters<typeof Rig>[1] = {}) =>
  new Rig({ INDEXES: { default: { sources: ["pypi"], policy: { malware: "enforce" } } } }, platform);

test("an isolate that knows an index goes by it, also while the database does not answer", async () => {
  const rig = guarded();
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  await storeAdvisories(rig, [MALWARE]);
  expect(filesOn(await rig.page("demo"))).toEqual([OLD.filename]);
  // The first read is that of the policy's lists.
  rig.breakOnce("d1.prepare", 2);
  expect(filesOn(await rig.page("demo"))).toEqual([OLD.filename]);
});

test("one that knows none refuses to guess while the database does not answer, and where the index is gone", async () => {
  const rig = guarded();
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  await storeAdvisories(rig, [MALWARE]);
  rig.restart();
  rig.breakOnce("d1.prepare", 2);
  expect((await rig.page("demo")).status).toBe(503);
  const { objects } = await env.FILES.list({ prefix: "advisories/" });
  for (const { key } of objects) await env.FILES.delete(key);
  expect((await rig.page("demo")).status).toBe(503);
});

test("an index that only counts lets through what it cannot tell", async () => {
  const rig = withPolicy({ malware: "audit" });
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  await storeAdvisories(rig, [MALWARE]);
  rig.restart();
  rig.breakOnce("r2.get");
  expect(filesOn(await rig.page("demo"))).toHaveLength(2);
});

test("on Cloudflare another isolate finds it by the data centre's copy, and a change after 0.7 s", async () => {
  const rig = guarded(onCloudflare());
  await rig.upstream.publish("demo", [OLD, YOUNG], DEMO);
  await storeAdvisories(rig, [MALWARE]);
  expect(filesOn(await rig.page("demo"))).toEqual([OLD.filename]);
  await storeAdvisories(rig, []);
  rig.wait(1_000);
  expect(filesOn(await rig.page("demo"))).toHaveLength(2);
});

test("earlier indexes are deleted an hour after another took their place: other isolates may still go by them", async () => {
  const rig = new Rig();
  const seen: string[] = [];
  /** Stores an index, and says which of all that were stored are there. */
  const store = async (records: (typeof MALWARE)[]) => {
    await storeAdvisories(rig, records);
    const keys = (await env.FILES.list({ prefix: "advisories/" })).objects.map(({ key }) => key);
    seen.push(...keys.filter((key) => !seen.includes(key)));
    return keys.map((key) => seen.indexOf(key)).toSorted((a, b) => a - b);
  };
  expect(await store([MALWARE])).toEqual([0]);
  expect(await store([])).toEqual([0, 1]);
  rig.now = Date.now() + 2 * HOUR;
  expect(await store([MALWARE])).toEqual([1, 2]);
  expect((await rig.services.advisoryIndex.state()).checkedAt).toBeGreaterThan(NOW);
});
