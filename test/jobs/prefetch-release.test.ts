import { beforeEach, describe, expect, test } from "vitest";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream, type FakeFile } from "../support/upstream.ts";

const SOURCE = encodeURIComponent(FakeUpstream.INDEX);
const METADATA = "Name: demo\n";
const wheel = (tags: string, version = "1.0"): FakeFile => ({
  filename: `demo-${version}-${tags}.whl`,
  bytes: new TextEncoder().encode(`${tags} ${version}`),
  metadata: METADATA,
});
const sdist = (version = "1.0"): FakeFile => ({
  filename: `demo-${version}.tar.gz`,
  bytes: new TextEncoder().encode(version),
});
const LINUX = "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64";
const WINDOWS = "cp312-cp312-win_amd64";

let rig: Rig;

/** Clients have asked for `demo`, and for files of these kinds. */
async function askedFor(...files: FakeFile[]) {
  rig = new Rig({ SEED: ["other"] });
  const before = files.map((file) => ({ ...file, filename: file.filename.replace("demo", "before") }));
  await rig.upstream.publish("before", before);
  await rig.upstream.publish("demo", []);
  await rig.page("demo");
  for (const { filename } of before) await rig.get(filePath(filename));
  rig.wait(5 * 60_000);
  await rig.page("demo");
  rig.wait(10 * 60_000);
}

/** Has these projects refreshed as one message, and what that has queued to be stored. */
async function refresh(...projects: string[]): Promise<string[]> {
  rig.forget();
  await rig.deliverRefreshes([{ source: SOURCE, projects, cause: "popular" }]);
  return rig.queue.messages.map(
    ({ file, part }) => `${file.split("/").at(-1)}${part === "metadata" ? " metadata" : ""}`,
  );
}

beforeEach(() => askedFor(wheel(LINUX), sdist()));

describe("the newest release of a popular project", () => {
  test("is queued when its page has changed: all of its metadata, and its files of the kinds that are asked for", async () => {
    await rig.upstream.publish("demo", [
      wheel(LINUX, "1.0"),
      wheel(LINUX, "2.0"),
      wheel(WINDOWS, "2.0"),
      sdist("2.0"),
      sdist("3.0rc1"),
    ]);
    const queued = await refresh("demo");
    expect(queued).toEqual([
      `demo-2.0-${LINUX}.whl metadata`,
      `demo-2.0-${WINDOWS}.whl metadata`,
      `demo-2.0-${LINUX}.whl`,
      "demo-2.0.tar.gz",
    ]);
    await rig.deliver();
    rig.upstream.down = true;
    expect((await rig.get(filePath(`demo-2.0-${LINUX}.whl`))).status).toBe(200);
    expect((await rig.get(`${filePath(`demo-2.0-${WINDOWS}.whl`)}.metadata`)).text()).toBe(METADATA);
  });

  test("is queued when its page is stored for the first time, where it is of the seed", async () => {
    await rig.upstream.publish("other", [{ ...sdist(), filename: "other-1.0.tar.gz" }]);
    expect(await refresh("other")).toEqual(["other-1.0.tar.gz"]);
  });

  test("is not queued where its page has not changed", async () => {
    await rig.upstream.publish("demo", [sdist()]);
    await refresh("demo");
    await rig.deliver();
    rig.wait(600_000);
    expect(await refresh("demo")).toEqual([]);
    expect(rig.upstream.requests).toHaveLength(1);
    expect(Object.keys(rig.counts).filter((it) => it.startsWith("d1") || it.startsWith("r2"))).toEqual([]);
  });

  test("is not queued where the upstream is away and the stored page stands in", async () => {
    rig.upstream.down = true;
    expect(await refresh("demo")).toEqual([]);
  });

  test("is looked at without what is stored already, which costs one read a file", async () => {
    await rig.upstream.publish("demo", [wheel(LINUX)]);
    await rig.page("demo");
    await rig.get(filePath(`demo-1.0-${LINUX}.whl`));
    await rig.get(`${filePath(`demo-1.0-${LINUX}.whl`)}.metadata`);
    rig.restart();
    await rig.upstream.publish("demo", [wheel(LINUX), sdist()]);
    expect(await refresh("demo")).toEqual(["demo-1.0.tar.gz"]);
    expect(rig.counts["r2.head"]).toBe(3);
  });

  test("has no file above 500 MB fetched, but its metadata", async () => {
    await rig.upstream.publish("demo", [{ ...wheel(LINUX), entry: { size: 500_000_001 } }]);
    expect(await refresh("demo")).toEqual([`demo-1.0-${LINUX}.whl metadata`]);
  });

  test("of which no kind is asked for is queued with its metadata alone", async () => {
    await rig.upstream.publish("demo", [wheel(WINDOWS)]);
    expect(await refresh("demo")).toEqual([`demo-1.0-${WINDOWS}.whl metadata`]);
  });
});

describe("a refresh", () => {
  test("of what is not popular queues nothing", async () => {
    await rig.upstream.publish("unpopular", [{ ...sdist(), filename: "unpopular-1.0.tar.gz" }]);
    expect(await refresh("unpopular")).toEqual([]);
  });

  test("of many projects asks once what is popular", async () => {
    await rig.upstream.publish("demo", [sdist()]);
    await rig.upstream.publish("other", [{ ...sdist(), filename: "other-1.0.tar.gz" }]);
    expect((await refresh("demo", "other")).toSorted()).toEqual(["demo-1.0.tar.gz", "other-1.0.tar.gz"]);
    expect(rig.counts["d1.batch"]).toBe(1);
  });

  test("succeeds although the database, the store or the queue fails: nothing is queued then", async () => {
    for (const operation of ["d1.batch", "r2.head"]) {
      await rig.upstream.publish("demo", [sdist(`1.${operation}`.replace(/\D/g, "1"))]);
      rig.breakOnce(operation);
      expect(await refresh("demo")).toEqual([]);
    }
    await rig.upstream.publish("demo", [sdist("9.0")]);
    rig.queue.down = true;
    expect(await refresh("demo")).toEqual([]);
  });

  test("queues a release of more than a hundred files in batches that the platform takes", async () => {
    const many = Array.from({ length: 120 }, (_, at) => wheel(`cp312-cp312-manylinux_2_${at}_x86_64`));
    await rig.upstream.publish("demo", many);
    expect(await refresh("demo")).toHaveLength(240);
  });

  test("does not queue files of unknown size", async () => {
    await rig.upstream.publish("demo", [{ ...sdist("2.0"), entry: { size: undefined } }]);
    expect(await refresh("demo")).toEqual([]);
  });

  test("queues nothing where nothing is to be popular", async () => {
    rig = new Rig({ POPULAR: 0, SEED: ["demo"] });
    await rig.upstream.publish("demo", [sdist()]);
    expect(await refresh("demo")).toEqual([]);
  });
});
