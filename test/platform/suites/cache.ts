import { beforeEach, describe, expect, test } from "vitest";
import type { ResponseCache } from "../../../worker/platform/platform.ts";

const MAX_AGE = { "Cache-Control": "max-age=60" };
const at = (milliseconds: number) => new Date(Date.now() + milliseconds).toUTCString();

/**
 * What the worker relies on of the cache of responses.
 *
 * @param open gives an empty one, before each test
 */
export function cacheSuite(open: () => Promise<ResponseCache>): void {
  let cache: ResponseCache;
  beforeEach(async () => {
    cache = await open();
  });

  const url = (path: string) => `https://marks.invalid/${path}`;
  const isStored = async (path: string) => {
    const found = await cache.match(url(path));
    await found?.body?.cancel();
    return found !== undefined;
  };

  test("a response comes back with its status, headers and body", async () => {
    const headers = { ...MAX_AGE, "X-Own": "own" };
    await cache.put(url("a"), new Response("1 2", { headers }));
    const found = await cache.match(url("a"));
    expect(found?.status).toBe(200);
    expect(found?.headers.get("X-Own")).toBe("own");
    expect(await found?.text()).toBe("1 2");
  });

  test("it can be matched any number of times, by URL or request, whatever the fragment", async () => {
    await cache.put(new Request(url("a?q=1")), new Response("x", { headers: MAX_AGE }));
    for (const asked of [url("a?q=1"), new Request(url("a?q=1")), url("a?q=1#part")])
      expect(await (await cache.match(asked))?.text()).toBe("x");
    expect(await isStored("a")).toBe(false);
    expect(await isStored("a?q=2")).toBe(false);
  });

  test("a put replaces what was there", async () => {
    await cache.put(url("a"), new Response("one", { headers: MAX_AGE }));
    await cache.put(url("a"), new Response("two", { headers: MAX_AGE }));
    expect(await (await cache.match(url("a")))?.text()).toBe("two");
  });

  test("delete says whether there was something", async () => {
    await cache.put(url("a"), new Response("x", { headers: MAX_AGE }));
    expect(await cache.delete(url("a"))).toBe(true);
    expect(await cache.delete(url("a"))).toBe(false);
    expect(await cache.match(url("a"))).toBeUndefined();
  });

  test("the body is bytes, and may be empty", async () => {
    await cache.put(url("a"), new Response(new Uint8Array([0, 255]), { headers: MAX_AGE }));
    await cache.put(url("b"), new Response("", { headers: MAX_AGE }));
    expect(new Uint8Array((await (await cache.match(url("a")))?.arrayBuffer()) ?? [])).toEqual(
      new Uint8Array([0, 255]),
    );
    expect(await (await cache.match(url("b")))?.text()).toBe("");
  });

  describe("a response is stored", () => {
    test.each<[string, Record<string, string>]>([
      ["max-age", MAX_AGE],
      ["s-maxage, which counts before max-age", { "Cache-Control": "max-age=0, s-maxage=60" }],
      ["public", { "Cache-Control": "public, max-age=60" }],
      ["Expires", { Expires: at(60_000) }],
    ])("with %s", async (_, headers) => {
      await cache.put(url("a"), new Response("x", { headers }));
      expect(await isStored("a")).toBe(true);
    });

    test("with 404", async () => {
      await cache.put(url("a"), new Response("x", { status: 404, headers: MAX_AGE }));
      const found = await cache.match(url("a"));
      expect(found?.status).toBe(404);
      expect(await found?.text()).toBe("x");
    });
  });

  describe("a response is not stored", () => {
    test.each<[string, Record<string, string>]>([
      ["no-store", { "Cache-Control": "no-store, max-age=60" }],
      ["no-cache", { "Cache-Control": "no-cache, max-age=60" }],
      ["private", { "Cache-Control": "private, max-age=60" }],
      ["max-age=0", { "Cache-Control": "max-age=0" }],
      ["s-maxage=0", { "Cache-Control": "max-age=60, s-maxage=0" }],
      ["Expires in the past", { Expires: at(-60_000) }],
      ["a cookie", { ...MAX_AGE, "Set-Cookie": "a=b" }],
    ])("with %s", async (_, headers) => {
      await cache.put(url("a"), new Response("x", { headers }));
      expect(await isStored("a")).toBe(false);
    });

    test("with 500", async () => {
      await cache.put(url("a"), new Response("x", { status: 500, headers: MAX_AGE }));
      expect(await isStored("a")).toBe(false);
    });
  });

  describe("a put is refused", () => {
    test("of a part", async () => {
      const part = new Response("x", { status: 206, headers: { ...MAX_AGE, "Content-Range": "bytes 0-0/9" } });
      await expect(cache.put(url("a"), part)).rejects.toThrow(
        "Cannot cache response to a range request (206 Partial Content).",
      );
    });

    test("of an answer that varies by everything", async () => {
      const varying = new Response("x", { headers: { ...MAX_AGE, Vary: "*" } });
      await expect(cache.put(url("a"), varying)).rejects.toThrow("Cannot cache response with 'Vary: *' header.");
    });

    test("of an answer to a POST", async () => {
      const post = new Request(url("a"), { method: "POST" });
      await expect(cache.put(post, new Response("x", { headers: MAX_AGE }))).rejects.toThrow(
        "Cannot cache response to non-GET request.",
      );
    });

    test("without a URL", async () => {
      await expect(cache.put("nothing", new Response("x", { headers: MAX_AGE }))).rejects.toThrow(TypeError);
      await expect(cache.match("nothing")).rejects.toThrow(TypeError);
    });
  });
}
