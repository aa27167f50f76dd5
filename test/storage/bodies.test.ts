import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { unreadBodies, whole } from "../support/whole.ts";

const KEY = "staging/0123456789abcdef";
const BYTES = new Uint8Array([1, 2, 3]);
const FILES = whole(env.FILES);
const PAGES = whole(env.PAGES);

/** A body of a length that is known, and the end that it is written to. */
function written() {
  const { readable, writable } = new FixedLengthStream(BYTES.byteLength);
  return { readable, writer: writable.getWriter() };
}

describe("a store that tests hand whole bodies", () => {
  test("stores what has come, and gives it in every way", async () => {
    const { readable, writer } = written();
    const put = FILES.put(KEY, readable, { customMetadata: { project: "demo" } });
    await writer.write(BYTES);
    await writer.close();
    await put;
    const object = await FILES.get(KEY);
    expect([object?.key, object?.size, object?.customMetadata]).toEqual([KEY, 3, { project: "demo" }]);
    expect(await object?.bytes()).toEqual(BYTES);
    expect(object?.bodyUsed).toBe(true);
    expect(await new Response((await FILES.get(KEY))?.body).bytes()).toEqual(BYTES);
    expect((await FILES.get(KEY, { range: { suffix: 1 } }))?.range).toBeDefined();
    unreadBodies();
  });

  test("fails with what a body breaks off with, and stores nothing", async () => {
    const { readable, writer } = written();
    const put = FILES.put(KEY, readable);
    await writer.write(BYTES.subarray(1));
    await Promise.all([
      expect(put).rejects.toThrow("broken off"),
      writer.abort(new Error("broken off")).catch(() => undefined),
    ]);
    expect(await FILES.head(KEY)).toBeNull();
  });

  test("does not take a part that breaks off either", async () => {
    const upload = await FILES.createMultipartUpload(KEY);
    for (const each of [upload, FILES.resumeMultipartUpload(KEY, upload.uploadId)]) {
      const { readable, writer } = written();
      const put = each.uploadPart(1, readable);
      await Promise.all([
        expect(put).rejects.toThrow("broken off"),
        writer.abort(new Error("broken off")).catch(() => undefined),
      ]);
    }
  });

  test("refuses a body whose length is not known, as R2 does", async () => {
    const { readable, writable } = new IdentityTransformStream();
    const put = FILES.put(KEY, readable);
    const writer = writable.getWriter();
    await writer.write(BYTES);
    await writer.close();
    await expect(put).rejects.toThrow("known length");
  });

  test("counts the bodies that were neither read nor cancelled", async () => {
    await FILES.put(KEY, BYTES);
    await PAGES.put("page", BYTES);
    const bodies = async () => [
      (await FILES.get(KEY))?.body,
      await PAGES.get("page", "stream"),
      (await PAGES.getWithMetadata("page", "stream")).value,
    ];
    await bodies();
    expect(unreadBodies()).toBe(3);
    for (const body of await bodies()) await body?.cancel();
    for (const body of await bodies()) await body?.getReader().read();
    for (const body of await bodies()) await new Response(body).bytes();
    expect([await FILES.head(KEY), await FILES.get("nothing"), unreadBodies()]).toEqual([expect.anything(), null, 0]);
  });
});
