import { describe, expect, test } from "vitest";
import { dyingAt } from "../support/dying.ts";
import { PATH, TTL, A, B, listed, replaced } from "../support/replaced.ts";
import { filePath, Rig } from "../support/rig.ts";
import { sha256, type FakeFile } from "../support/upstream.ts";

describe("where a store fails while a file is replaced", () => {
  test.each(["r2.head", "r2.put", "kv.put", "d1.prepare"])(
    "at %s, page and file agree from then on",
    async (operation) => {
      const rig = await replaced();
      rig.breakOnce(operation);
      await rig.page("demo");
      for (let n = 0; n < 3; n++) {
        rig.restart();
        rig.wait(TTL);
        const hashes = (await listed(rig)) as { sha256: string };
        const answer = await rig.get(PATH);
        expect(await sha256(answer.body)).toBe(hashes.sha256);
      }
      expect(await listed(rig)).toEqual({ sha256: await sha256(B.bytes) });
    },
  );

  test("the page before stays until its files could be replaced", async () => {
    const rig = await replaced();
    rig.breakOnce("r2.put");
    expect(await listed(rig)).toEqual({ sha256: await sha256(A.bytes) });
  });
});

describe("an isolate that ends while a file is replaced", () => {
  const entryOf = (nth: number, bytes: Uint8Array): FakeFile => ({
    filename: `demo${nth}-1.0-py3-none-any.whl`,
    bytes,
  });

  test.each([true, false])(
    "leaves the old state or the new one, whichever operation is its last (done: %s)",
    async (done) => {
      let ends = 0;
      for (let last = 1; ; last++) {
        const rig = new Rig();
        const name = `demo${last}`;
        const path = filePath(entryOf(last, A.bytes).filename);
        await rig.upstream.publish(name, [entryOf(last, A.bytes)]);
        await rig.get(path);
        await rig.upstream.publish(name, [entryOf(last, B.bytes)]);
        const dying = dyingAt(last, done);
        const ending = new Rig({}, { ...dying.platform, fetch: rig.upstream.fetch });
        ending.wait(TTL);
        await ending.page(name).catch(() => undefined);
        rig.now = ending.now;
        const seen: [string | undefined, string][] = [];
        for (let n = 0; n < 3; n++) {
          rig.restart();
          const hashes = (await rig.page(name)).json?.files[0]?.["hashes"] as { sha256: string };
          const { response, settled } = await rig.open(path);
          const body = await response.arrayBuffer().catch(() => undefined);
          await settled();
          seen.push([hashes.sha256, body ? await sha256(new Uint8Array(body)) : "broken"]);
          rig.wait(TTL);
        }
        for (const [digest, bytes] of seen) expect([digest, "broken"]).toContain(bytes);
        expect(seen.at(-1)).toEqual([await sha256(B.bytes), await sha256(B.bytes)]);
        if (dying.left >= 0) break;
        ends++;
      }
      expect(ends).toBeGreaterThan(6);
    },
  );
});

describe("what a file in memory costs", () => {
  test("nothing for 50 s, and then one conditional read", async () => {
    const rig = new Rig();
    await rig.upstream.publish("demo", [A]);
    await rig.get(PATH);
    await rig.get(PATH);
    rig.forget();
    for (let n = 0; n < 5; n++) await rig.get(PATH);
    expect(rig.counts).toEqual({});
    rig.wait(50_000);
    const answer = await rig.get(PATH);
    expect(answer.headers.get("Cache-Status")).toContain("memory");
    await rig.get(PATH);
    expect(rig.counts).toEqual({ "r2.get": 1 });
  });
});
