import { describe, expect, test } from "vitest";
import { keysOf, read, textOf, type ObjectsUnderTest } from "./support.ts";

/** Deleting and listing, and keys that are easily taken for one another. */
export function listingSuite(what: string, { objects: open }: ObjectsUnderTest): void {
  describe(`objects of ${what}: delete and list`, () => {
    test("deletes one key, many keys, and keys that are not there", async () => {
      const objects = open();
      for (const name of ["a", "b", "c", "d"]) await objects.put(`delete/${name}`, name);
      await objects.delete("delete/a");
      await objects.delete(["delete/b", "delete/none", "delete/c"]);
      await objects.delete([]);
      expect(keysOf(await objects.list({ prefix: "delete/" }))).toEqual(["delete/d"]);
      expect(await read(objects, "delete/a")).toBeNull();
    });

    test("a key that was deleted can be created again", async () => {
      const objects = open();
      await objects.put("delete/again", "old");
      await objects.delete("delete/again");
      expect(await objects.put("delete/again", "new", { onlyIf: { etagDoesNotMatch: "*" } })).not.toBeNull();
      expect(await textOf(await read(objects, "delete/again"))).toBe("new");
    });

    test("1,000 keys are deleted in one call", async () => {
      const objects = open();
      await objects.put("delete/thousandth", "abc");
      await objects.delete([...Array.from({ length: 999 }, (_, at) => `delete/none-${at}`), "delete/thousandth"]);
      expect(await objects.head("delete/thousandth")).toBeNull();
    });

    test("lists keys in the order of their UTF-8 bytes, page by page", async () => {
      const objects = open();
      // UTF-16 would put the emoji before the last one.
      const keys = ["list/", "list/B", "list/a", "list/a/b", "list/a0", "list/é", "list/\uFB01", "list/\u{1F600}"];
      for (const key of keys.toReversed()) await objects.put(key, key);
      await objects.put("lisp/before", "");
      await objects.put("list0", "");
      const listed: string[] = [];
      for (let after = "", isMore = true; isMore;) {
        const page = await objects.list({ prefix: "list/", limit: 3, ...(after && { startAfter: after }) });
        expect(page.objects.length).toBeLessThanOrEqual(3);
        listed.push(...keysOf(page));
        after = page.objects.at(-1)?.key ?? "";
        isMore = page.truncated;
      }
      expect(listed).toEqual(keys);
    });

    test("begins after a key that need not exist, and gives sizes, ETags and times", async () => {
      const objects = open();
      for (const name of ["a", "c", "e"]) await objects.put(`after/${name}`, name);
      const { objects: listed, truncated } = await objects.list({ prefix: "after/", startAfter: "after/b" });
      expect([keysOf({ objects: listed }), truncated]).toEqual([["after/c", "after/e"], false]);
      const head = await objects.head("after/c");
      expect(listed[0]).toMatchObject({ size: 1, etag: head?.etag, uploaded: head?.uploaded });
      expect(keysOf(await objects.list({ prefix: "after/", startAfter: "aft" }))).toHaveLength(3);
      expect(keysOf(await objects.list({ prefix: "after/", startAfter: "b" }))).toEqual([]);
    });

    test("gives custom metadata where it is asked for", async () => {
      const objects = open();
      await objects.put("metadata/a", "", { customMetadata: { Project: "demo" } });
      const { objects: listed } = await objects.list({ prefix: "metadata/", include: ["customMetadata"] });
      expect(listed[0]?.customMetadata).toEqual({ Project: "demo" });
    });

    test("a limit is at most 1,000", async () => {
      const objects = open();
      await objects.put("limit/a", "");
      expect(keysOf(await objects.list({ prefix: "limit/", limit: 1_000 }))).toEqual(["limit/a"]);
      await expect(objects.list({ limit: 1_001 })).rejects.toThrow("(10022)");
    });

    test.each([
      ["a key that begins with another one", "odd/a", "odd/a/b"],
      ["capital letters", "odd/Case", "odd/case"],
      ["composed and decomposed characters", "odd/\u00e9", "odd/e\u0301"],
      ["dots", "odd/.", "odd/.."],
      ["empty segments", "odd//x", "odd///x"],
      ["a slash at the end", "odd/end", "odd/end/"],
      ["names of devices", "odd/con", "odd/aux.txt"],
      ["percent signs", "odd/%2F", "odd/%252F"],
      ["control characters", "odd/\n", "odd/\u0001"],
      ["the folder above", "../odd", "/odd"],
      ["long segments", `odd/${"x".repeat(300)}`, `odd/${"x".repeat(301)}`],
    ])("%s: two keys are two objects", async (_what, one, other) => {
      const objects = open();
      await Promise.all([objects.put(one, "one"), objects.put(other, "other")]);
      expect([await textOf(await read(objects, one)), await textOf(await read(objects, other))]).toEqual([
        "one",
        "other",
      ]);
      await objects.delete(one);
      expect(await objects.head(one)).toBeNull();
      expect(await textOf(await read(objects, other))).toBe("other");
    });
  });
}
