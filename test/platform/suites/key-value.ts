import { beforeEach, describe, expect, test } from "vitest";
import type { KeyValue } from "../../../worker/platform/key-value.ts";

const MiB = 1024 * 1024;

/**
 * What the worker relies on of a store of values.
 *
 * @param open gives an empty one, before each test
 */
export function keyValueSuite(open: () => Promise<KeyValue>): void {
  let kv: KeyValue;
  beforeEach(async () => {
    kv = await open();
  });

  const bytesOf = async (stream: ReadableStream | null) =>
    stream && new Uint8Array(await new Response(stream).arrayBuffer());
  const textOf = async (stream: ReadableStream | null) => stream && new Response(stream).text();
  const read = async (key: string) => textOf(await kv.get(key, "stream"));

  describe("values", () => {
    test("a value comes back as it was put, text or bytes", async () => {
      await kv.put("text", "ü");
      await kv.put("bytes", new Uint8Array([0, 255]));
      expect(await read("text")).toBe("ü");
      expect(await bytesOf(await kv.get("bytes", "stream"))).toEqual(new Uint8Array([0, 255]));
    });

    test("an empty value is a value", async () => {
      await kv.put("empty", "");
      expect(await read("empty")).toBe("");
    });

    test("what was never put, or was deleted, is null", async () => {
      expect(await kv.get("none", "stream")).toBeNull();
      expect(await kv.getWithMetadata("none", "stream")).toMatchObject({ value: null, metadata: null });
      await kv.put("gone", "x");
      await kv.delete("gone");
      await kv.delete("gone");
      expect(await kv.get("gone", "stream")).toBeNull();
    });

    test("the keys are listed in order, a part at a time, without those that were deleted", async () => {
      for (const key of ["b", "a/2", "a/1", "c", "gone"]) await kv.put(key, "x");
      await kv.delete("gone");
      const first = await kv.list({ limit: 3 });
      expect([first.keys.map(({ name }) => name), first.list_complete]).toEqual([["a/1", "a/2", "b"], false]);
      const second = await kv.list({ limit: 3, ...(first.cursor !== undefined && { cursor: first.cursor }) });
      expect([second.keys.map(({ name }) => name), second.list_complete]).toEqual([["c"], true]);
    });

    test("a put replaces the value and its metadata", async () => {
      await kv.put("a", "one", { metadata: { n: 1 } });
      await kv.put("a", "two");
      const { value, metadata } = await kv.getWithMetadata("a", "stream");
      expect(await textOf(value)).toBe("two");
      expect(metadata).toBeNull();
    });

    test("only the bytes of a view are stored", async () => {
      const all = new Uint8Array([1, 2, 3, 4]);
      await kv.put("part", all.subarray(1, 3));
      expect(await bytesOf(await kv.get("part", "stream"))).toEqual(new Uint8Array([2, 3]));
    });

    test("a value can be read by several at once, and each has its own memory", async () => {
      await kv.put("shared", new Uint8Array([1, 2, 3]));
      const reads = await Promise.all([1, 2, 3].map(async () => bytesOf(await kv.get("shared", "stream"))));
      reads[0]?.fill(9);
      expect(reads.slice(1)).toEqual([new Uint8Array([1, 2, 3]), new Uint8Array([1, 2, 3])]);
    });

    test("a value is a byte stream", async () => {
      await kv.put("a", "abc");
      const reader = (await kv.get("a", "stream"))?.getReader({ mode: "byob" });
      const { value } = (await reader?.read(new Uint8Array(2))) ?? {};
      expect(new TextDecoder().decode(value)).toBe("ab");
      await reader?.cancel();
    });

    test("a value that is not read can be cancelled", async () => {
      await kv.put("a", "abc");
      const { value } = await kv.getWithMetadata("a", "stream");
      await value?.cancel();
      expect(await read("a")).toBe("abc");
    });
  });

  describe("metadata", () => {
    test("it comes back as it was put", async () => {
      const metadata = { digest: "ab", size: 7, none: null, list: [1, "ü"] };
      await kv.put("a", "x", { metadata });
      const got = await kv.getWithMetadata("a", "stream");
      expect(got.metadata).toEqual(metadata);
      await got.value?.cancel();
    });

    test("it has at most 1,024 bytes", async () => {
      const of = (bytes: number) => ({ metadata: "x".repeat(bytes - 2) });
      await kv.put("fits", "x", of(1024));
      await expect(kv.put("long", "x", of(1025))).rejects.toThrow(
        "KV PUT failed: 413 Metadata length of 1025 exceeds limit of 1024.",
      );
    });
  });

  describe("limits", () => {
    test.each([".", "..", ""])("the key '%s' is refused", async (key) => {
      const why = key === "" ? "Key name cannot be empty." : `"${key}" is not allowed as a key name.`;
      await expect(kv.get(key, "stream")).rejects.toThrow(why);
      await expect(kv.put(key, "x")).rejects.toThrow(why);
      await expect(kv.delete(key)).rejects.toThrow(why);
    });

    test("a key has at most 512 bytes of UTF-8", async () => {
      await kv.put("ü".repeat(256), "x");
      expect(await read("ü".repeat(256))).toBe("x");
      const why = "UTF-8 encoded length of 514 exceeds key length limit of 512.";
      await expect(kv.get("ü".repeat(257), "stream")).rejects.toThrow(`KV GET failed: 414 ${why}`);
      await expect(kv.put("ü".repeat(257), "x")).rejects.toThrow(`KV PUT failed: 414 ${why}`);
      await expect(kv.delete("ü".repeat(257))).rejects.toThrow(`KV DELETE failed: 414 ${why}`);
    });

    test.each(["a/../b", "a//b", "a%2Fb", "a?b#c", "A", "a", " "])("'%s' is a key of its own", async (key) => {
      await kv.put(key, key);
      await kv.put(`${key}/`, "other");
      expect(await read(key)).toBe(key);
    });

    test("a value has at most 25 MiB", async () => {
      await kv.put("large", new Uint8Array(25 * MiB));
      expect((await bytesOf(await kv.get("large", "stream")))?.byteLength).toBe(25 * MiB);
      await expect(kv.put("larger", new Uint8Array(25 * MiB + 1))).rejects.toThrow(
        "KV PUT failed: 413 Value length of 26214401 exceeds limit of 26214400.",
      );
    });

    test("a lifetime has at least 60 seconds", async () => {
      await kv.put("a", "x", { expirationTtl: 60 });
      expect(await read("a")).toBe("x");
      await expect(kv.put("a", "y", { expirationTtl: 59 })).rejects.toThrow(
        "KV PUT failed: 400 Invalid expiration_ttl of 59. Expiration TTL must be at least 60.",
      );
    });
  });
}
