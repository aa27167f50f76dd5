import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filePath, Rig } from "../support/rig.ts";
import { FakeUpstream, type FakeFile } from "../support/upstream.ts";

const FILENAME = "demo-1.0-py3-none-any.whl";
const PATH = filePath(FILENAME);
const URL_OF_FILE = FakeUpstream.FILES + FILENAME;
const BYTES = new Uint8Array(5_000).map((_, at) => at % 251);
const WRONG = [0, 1, 4_999, 5_001, 90_000_000];

async function published(size: number, more: Partial<FakeFile> = {}): Promise<Rig> {
  const rig = new Rig();
  await rig.upstream.publish("demo", [{ filename: FILENAME, bytes: BYTES, entry: { size }, ...more }]);
  return rig;
}

const sizeOn = async (rig: Rig) => (await rig.page("demo")).json?.files[0]?.["size"];

describe.each(WRONG)("a file of 5,000 bytes whose page says %i, and has its digest,", (size) => {
  test("is given whole with the length that it has, cold and stored", async () => {
    const rig = await published(size);
    for (let n = 0; n < 2; n++) {
      const answer = await rig.get(PATH);
      expect([answer.status, answer.headers.get("Content-Length"), answer.body]).toEqual([200, "5000", BYTES]);
      rig.restart();
    }
  });

  test("has its right size on the page once it was stored, and keeps it", async () => {
    const rig = await published(size);
    expect(await sizeOn(rig)).toBe(size);
    await rig.get(PATH);
    expect(await sizeOn(rig)).toBe(5_000);
    await rig.upstream.publish("demo", [
      { filename: FILENAME, bytes: BYTES, entry: { size } },
      { filename: "demo-1.1.tar.gz", bytes: BYTES },
    ]);
    rig.wait(601_000);
    expect(await sizeOn(rig)).toBe(5_000);
    rig.restart();
    rig.wait(601_000);
    expect(await sizeOn(rig)).toBe(5_000);
  });

  test.each([true, false])("is given in parts while it is not stored (upstream has ranges: %s)", async (ranges) => {
    for (const [range, from, to] of [
      ["bytes=0-99", 0, 100],
      ["bytes=-100", 4_900, 5_000],
      ["bytes=4900-", 4_900, 5_000],
      ["bytes=0-", 0, 5_000],
    ] as const) {
      const rig = await published(size, { ranges });
      await rig.page("demo");
      const { response, settled } = await rig.open(PATH, { headers: { Range: range } });
      const body = new Uint8Array(await response.arrayBuffer());
      expect([range, response.status, response.headers.get("Content-Range")]).toEqual([
        range,
        206,
        `bytes ${from}-${to - 1}/5000`,
      ]);
      expect(body).toEqual(BYTES.slice(from, to));
      await settled();
      for (const { key } of (await env.FILES.list()).objects) await env.FILES.delete(key);
    }
  });

  test("has no part beyond its end", async () => {
    const rig = await published(size, { ranges: true });
    const answer = await rig.get(PATH, { Range: "bytes=5000-" });
    expect([answer.status, answer.headers.get("Content-Range")]).toEqual([416, "bytes */5000"]);
  });
});

describe("a wrong size", () => {
  test("of a page with digests prevents neither metadata from the wheel nor the queue", async () => {
    const rig = new Rig({}, {}, { finishAlone: 1_000, maxPut: 1_000_000 });
    await rig.upstream.publish("demo", [{ filename: FILENAME, bytes: BYTES, entry: { size: 7 } }]);
    expect((await rig.get(PATH)).body).toEqual(BYTES);
    await rig.deliver();
    rig.restart();
    rig.forget();
    expect((await rig.get(PATH)).body).toEqual(BYTES);
    expect(rig.upstream.requests).toEqual([]);
    expect(await sizeOn(rig)).toBe(5_000);
  });

  test("of a HEAD is the upstream's where the page says 0", async () => {
    const rig = await published(0);
    expect((await rig.get(PATH, {}, "HEAD")).headers.get("Content-Length")).toBe("5000");
    expect(rig.upstream.requests.at(-1)).toBe(`HEAD ${URL_OF_FILE}`);
  });

  test("is refused where no digest verifies the bytes", async () => {
    const rig = await published(4_999, { entry: { size: 4_999, hashes: {} } });
    expect((await rig.get(PATH)).status).toBe(503);
  });

  test("costs one page for many files that are stored one after the other", async () => {
    const rig = new Rig();
    const names = Array.from({ length: 5 }, (_, nth) => `demo-1.${nth}.tar.gz`);
    await rig.upstream.publish(
      "demo",
      names.map((filename) => ({ filename, bytes: BYTES, entry: { size: 1 } })),
    );
    await rig.page("demo");
    rig.forget();
    for (const name of names) await rig.get(filePath(name));
    expect(rig.upstream.requests.filter((line) => line.endsWith("/simple/demo/"))).toHaveLength(1);
  });

  test("is replaced when the upstream corrects it", async () => {
    const rig = await published(7);
    await rig.get(PATH);
    await rig.upstream.publish("demo", [{ filename: FILENAME, bytes: BYTES }]);
    rig.wait(601_000);
    expect(await sizeOn(rig)).toBe(5_000);
    expect((await rig.page("demo")).json?.files[0]?.["_backfilled"]).not.toContain("size");
  });
});
