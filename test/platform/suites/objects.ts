import { describe, expect, test } from "vitest";
import type { Objects } from "../../../worker/platform/objects.ts";
import { listingSuite } from "./objects/listing.ts";
import { partsSuite } from "./objects/parts.ts";
import { ABC, bytesOf, MIB, read, sha256, textOf, type ObjectsUnderTest } from "./objects/support.ts";

/** What every `Objects` must do. Each test has keys of its own. */
export function objectsSuite(what: string, platform: ObjectsUnderTest): void {
  const { objects: open, pipe } = platform;
  async function send(objects: Objects, key: string, bytes: Uint8Array, options = {}) {
    const { readable, writable } = pipe(bytes.byteLength);
    const put = objects.put(key, readable, options);
    const ended = put.catch(() => undefined);
    const writer = writable.getWriter();
    for (let at = 0; at < bytes.byteLength; at += 70_001) await writer.write(bytes.slice(at, at + 70_001));
    await writer.close();
    await ended;
    return put;
  }

  describe(`objects of ${what}: put and get`, () => {
    test("an object that was put is there, with its bytes, size, time and custom metadata", async () => {
      const objects = open();
      const begun = Date.now();
      const put = await objects.put("put/a", "abc", { customMetadata: { Project: "Démo", empty: "" } });
      expect(put).toMatchObject({ key: "put/a", size: 3, customMetadata: { Project: "Démo", empty: "" } });
      const head = await objects.head("put/a");
      const got = await read(objects, "put/a");
      for (const each of [head, got]) {
        expect(each).toMatchObject({ key: "put/a", size: 3, etag: put?.etag });
        expect(each?.customMetadata).toEqual({ Project: "Démo", empty: "" });
        expect(each?.uploaded.getTime()).toBeGreaterThanOrEqual(begun - 1_000);
        expect(each?.uploaded.getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
      }
      expect(await textOf(got)).toBe("abc");
    });

    test("an object without custom metadata has none", async () => {
      const objects = open();
      await objects.put("put/plain", "abc");
      expect((await objects.head("put/plain"))?.customMetadata).toEqual({});
    });

    test("what was never put is null", async () => {
      const objects = open();
      expect([await objects.head("put/none"), await read(objects, "put/none")]).toEqual([null, null]);
      expect(await read(objects, "put/none", { offset: 3 })).toBeNull();
    });

    test.each([0, 1, 70_001, 300_000, 3 * MIB + 1])("a stream of %i bytes comes back as it was", async (size) => {
      const objects = open();
      const bytes = bytesOf(size);
      await send(objects, `put/stream-${size}`, bytes, { sha256: await sha256(bytes) });
      const object = await read(objects, `put/stream-${size}`);
      expect(object?.size).toBe(size);
      expect(await sha256(await new Response(object?.body).bytes())).toBe(await sha256(bytes));
    });

    test("a body is a byte stream", async () => {
      const objects = open();
      await objects.put("put/byob", bytesOf(100_000));
      const reader = (await read(objects, "put/byob"))?.body.getReader({ mode: "byob" });
      const all: number[] = [];
      for (;;) {
        const result = await reader?.read(new Uint8Array(999));
        if (!result?.value || result.done) break;
        all.push(...result.value);
      }
      expect(new Uint8Array(all)).toEqual(bytesOf(100_000));
    });

    test("a stream that breaks off leaves what was there before", async () => {
      const objects = open();
      await objects.put("put/broken", "old");
      const { readable, writable } = pipe(10);
      const put = objects.put("put/broken", readable).then(
        () => "stored",
        () => "refused",
      );
      const writer = writable.getWriter();
      await writer.write(new Uint8Array(4)).catch(() => undefined);
      await writer.abort(new Error("The upstream broke off.")).catch(() => undefined);
      expect(await put).toBe("refused");
      expect(await textOf(await read(objects, "put/broken"))).toBe("old");
    });

    test("an object that is replaced has another ETag, and its old custom metadata is gone", async () => {
      const objects = open();
      const first = await objects.put("put/twice", "first", { customMetadata: { a: "1" } });
      const second = await objects.put("put/twice", "second");
      expect(second?.etag).not.toBe(first?.etag);
      expect(await objects.head("put/twice")).toMatchObject({ size: 6, etag: second?.etag, customMetadata: {} });
    });

    test("2,048 bytes of custom metadata are stored, 8,193 are refused", async () => {
      const objects = open();
      const stored = { a: "x".repeat(2_047) };
      await objects.put("put/metadata", "abc", { customMetadata: stored });
      expect((await objects.head("put/metadata"))?.customMetadata).toEqual(stored);
      await expect(objects.put("put/large", "abc", { customMetadata: { a: "x".repeat(8_192) } })).rejects.toThrow(
        /metadata.*\(10012\)/,
      );
      expect(await objects.head("put/large")).toBeNull();
    });

    test("a key has at most 1,024 bytes", async () => {
      const objects = open();
      const longest = `é${"k".repeat(1_022)}`;
      await objects.put(longest, "abc");
      expect(await textOf(await read(objects, longest))).toBe("abc");
      await expect(objects.put(`${longest}k`, "abc")).rejects.toThrow("(10020)");
    });
  });

  describe(`objects of ${what}: digests`, () => {
    test.each([
      ["md5", "900150983cd24fb0d6963f7d28e17f72"],
      ["sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"],
      ["sha256", ABC],
      ["sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"],
      [
        "sha512",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      ],
    ])("bytes with the %s that was named are stored, others are refused", async (algorithm, hex) => {
      const objects = open();
      const key = `digest/${algorithm}`;
      await objects.put(key, "abc", { [algorithm]: hex });
      await expect(objects.put(key, "abd", { [algorithm]: hex })).rejects.toThrow(/checksum[^]*\(10037\)/i);
      expect(await textOf(await read(objects, key))).toBe("abc");
    });

    test("a stream with another digest is refused, and nothing of it is there", async () => {
      const objects = open();
      await expect(send(objects, "digest/stream", bytesOf(200_000), { sha256: ABC })).rejects.toThrow("(10037)");
      expect(await objects.head("digest/stream")).toBeNull();
    });
  });

  describe(`objects of ${what}: conditions`, () => {
    test("a put that names no object creates one, and never replaces one", async () => {
      const objects = open();
      const onlyIf = { etagDoesNotMatch: "*" };
      expect(await objects.put("if/new", "first", { onlyIf })).toMatchObject({ size: 5 });
      expect(await objects.put("if/new", "second", { onlyIf })).toBeNull();
      expect(await textOf(await read(objects, "if/new"))).toBe("first");
    });

    test("of puts at the same time that each create an object, one does", async () => {
      const objects = open();
      const puts = ["a", "b", "c", "d"].map((text) =>
        objects.put("if/race", text, { onlyIf: { etagDoesNotMatch: "*" } }),
      );
      const done = (await Promise.all(puts)).flatMap((put, at) => (put ? ["abcd".slice(at, at + 1)] : []));
      expect(done).toHaveLength(1);
      expect(await textOf(await read(objects, "if/race"))).toBe(done[0]);
    });

    test("a put that names an ETag replaces that object and no other", async () => {
      const objects = open();
      const first = await objects.put("if/match", "first");
      const onlyIf = { etagMatches: first?.etag ?? "" };
      expect(await objects.put("if/match", "second", { onlyIf })).toMatchObject({ size: 6 });
      expect(await objects.put("if/match", "third", { onlyIf })).toBeNull();
      expect(await objects.put("if/nothing", "third", { onlyIf })).toBeNull();
      expect(await textOf(await read(objects, "if/match"))).toBe("second");
      expect(await objects.head("if/nothing")).toBeNull();
    });

    test("a get whose condition does not hold gives the object without its body", async () => {
      const objects = open();
      const put = await objects.put("if/get", "abc", { customMetadata: { a: "1" } });
      const etag = put?.etag ?? "";
      const same = await objects.get("if/get", { onlyIf: { etagDoesNotMatch: etag } });
      expect(same).toMatchObject({ key: "if/get", size: 3, etag, customMetadata: { a: "1" } });
      expect(same && "body" in same).toBe(false);
      const other = await objects.get("if/get", { onlyIf: { etagDoesNotMatch: `${etag.slice(1)}0` } });
      expect(other && "body" in other && (await textOf(other))).toBe("abc");
      const matching = await objects.get("if/get", { onlyIf: { etagMatches: etag } });
      expect(matching && "body" in matching && (await textOf(matching))).toBe("abc");
      expect(await objects.get("if/none", { onlyIf: { etagDoesNotMatch: etag } })).toBeNull();
    });
  });

  describe(`objects of ${what}: ranges`, () => {
    test.each([
      [{ offset: 2 }, "cdefghij"],
      [{ offset: 2, length: 3 }, "cde"],
      [{ length: 3 }, "abc"],
      [{ offset: 8, length: 100 }, "ij"],
      [{ offset: 9 }, "j"],
      [{ suffix: 3 }, "hij"],
      [{ suffix: 100 }, "abcdefghij"],
    ])("%j gives %s, and the size of the whole object", async (range, expected) => {
      const objects = open();
      await objects.put("range/a", "abcdefghij");
      const object = await read(objects, "range/a", range);
      expect(object?.size).toBe(10);
      expect(await new Response(object?.body).text()).toBe(expected);
      expect(await textOf(await read(objects, "range/a", range))).toBe(expected);
    });

    test.each([{ offset: 10 }, { offset: 11 }, { offset: 11, length: 1 }, { suffix: 0 }, { offset: 0, length: 0 }])(
      "%j, which the object does not have, is an error with 10039",
      async (range) => {
        const objects = open();
        await objects.put("range/b", "abcdefghij");
        await expect(read(objects, "range/b", range)).rejects.toThrow("10039");
      },
    );

    test("an object without bytes has no ranges", async () => {
      const objects = open();
      await objects.put("range/empty", "");
      await expect(read(objects, "range/empty", { offset: 0 })).rejects.toThrow("10039");
      await expect(read(objects, "range/empty", { suffix: 1 })).rejects.toThrow("10039");
    });
  });

  listingSuite(what, platform);
  partsSuite(what, platform);
}
