import { describe, expect, test } from "vitest";
import { bytesOf, MIB, read, sha256, textOf, type ObjectsUnderTest } from "./support.ts";

/** Uploads in parts. */
export function partsSuite(what: string, { objects: open, pipe, isSimulator }: ObjectsUnderTest): void {
  describe(`objects of ${what}: uploads in parts`, () => {
    const whole = bytesOf(5 * MIB);

    test("parts become one object, in the order of their numbers and whatever order they came in", async () => {
      const objects = open();
      const key = "parts/a";
      await objects.put(key, "old");
      const upload = await objects.createMultipartUpload(key, { customMetadata: { project: "demo" } });
      const again = objects.resumeMultipartUpload(key, upload.uploadId);
      const last = await again.uploadPart(3, bytesOf(1_000, 7));
      const { readable, writable } = pipe(whole.byteLength);
      const streamed = upload.uploadPart(1, readable);
      const writer = writable.getWriter();
      for (let at = 0; at < whole.byteLength; at += MIB) await writer.write(whole.slice(at, at + MIB));
      await writer.close();
      const first = await streamed;
      await upload.uploadPart(2, bytesOf(10));
      const second = await upload.uploadPart(2, whole);
      expect(await textOf(await read(objects, key))).toBe("old");
      const put = await upload.complete([first, second, last]);
      expect(put).toMatchObject({ key, size: 10 * MIB + 1_000, customMetadata: { project: "demo" } });
      const got = await read(objects, key);
      expect(got).toMatchObject({ size: 10 * MIB + 1_000, etag: put.etag, customMetadata: { project: "demo" } });
      const expected = new Uint8Array(10 * MIB + 1_000);
      expected.set(whole);
      expected.set(whole, 5 * MIB);
      expected.set(bytesOf(1_000, 7), 10 * MIB);
      expect(await sha256(await new Response(got?.body).bytes())).toBe(await sha256(expected));
      const across = await read(objects, key, { offset: 5 * MIB - 2, length: 4 });
      expect(await across?.bytes()).toEqual(expected.slice(5 * MIB - 2, 5 * MIB + 2));
    });

    test("an upload that was completed or aborted does not exist: an error with (10024)", async () => {
      const objects = open();
      const done = await objects.createMultipartUpload("parts/done");
      const parts = [await done.uploadPart(1, bytesOf(10))];
      await done.complete(parts);
      await expect(done.uploadPart(1, bytesOf(10))).rejects.toThrow("(10024)");
      await expect(done.complete(parts)).rejects.toThrow("(10024)");
      const aborted = await objects.createMultipartUpload("parts/aborted");
      const other = [await aborted.uploadPart(1, bytesOf(10))];
      await aborted.abort();
      await expect(aborted.uploadPart(1, bytesOf(10))).rejects.toThrow("(10024)");
      await expect(aborted.complete(other)).rejects.toThrow("(10024)");
      expect(await objects.head("parts/aborted")).toBeNull();
    });

    test("an upload that was never begun does not exist, and none is another key's", async () => {
      const objects = open();
      const none = objects.resumeMultipartUpload("parts/none", "../../none");
      await expect(none.uploadPart(1, bytesOf(10))).rejects.toThrow("(10024)");
      const upload = await objects.createMultipartUpload("parts/mine");
      const foreign = objects.resumeMultipartUpload("parts/yours", upload.uploadId);
      await expect(foreign.uploadPart(1, bytesOf(10))).rejects.toThrow("(10024)");
      // R2's documentation has one code for an upload that does not exist; miniflare has "internal error" here.
      const code = isSimulator ? "(10001)" : "(10024)";
      await expect(none.complete([])).rejects.toThrow(code);
      await expect(none.abort()).rejects.toThrow(code);
    });

    test("of two completions at the same time, one is done", async () => {
      const objects = open();
      const upload = await objects.createMultipartUpload("parts/race");
      const parts = [await upload.uploadPart(1, bytesOf(10))];
      const outcomes = await Promise.allSettled([upload.complete(parts), upload.complete(parts)]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      expect(String(outcomes.find((each) => each.status === "rejected")?.reason)).toContain("(10024)");
      expect(await (await read(objects, "parts/race"))?.bytes()).toEqual(bytesOf(10));
    });

    test("parts that are missing or were replaced are an error with (10025), and can be sent still", async () => {
      const objects = open();
      const upload = await objects.createMultipartUpload("parts/missing");
      const old = await upload.uploadPart(1, bytesOf(10));
      const part = await upload.uploadPart(1, bytesOf(20));
      await expect(upload.complete([old])).rejects.toThrow("(10025)");
      await expect(upload.complete([part, { partNumber: 2, etag: part.etag }])).rejects.toThrow("(10025)");
      await upload.complete([part]);
      expect((await objects.head("parts/missing"))?.size).toBe(20);
    });

    test("a part below 5 MiB that is not the last is an error with (10011)", async () => {
      const objects = open();
      const upload = await objects.createMultipartUpload("parts/small");
      const parts = [await upload.uploadPart(1, bytesOf(10)), await upload.uploadPart(2, bytesOf(10))];
      await expect(upload.complete(parts)).rejects.toThrow("(10011)");
      await upload.abort();
    });

    test("parts of different sizes, or a last one that is larger, are an error with (10048)", async () => {
      const objects = open();
      const upload = await objects.createMultipartUpload("parts/unequal");
      const larger = bytesOf(5 * MIB + 1);
      const parts = [
        await upload.uploadPart(1, whole),
        await upload.uploadPart(2, larger),
        await upload.uploadPart(3, bytesOf(1)),
      ];
      await expect(upload.complete(parts)).rejects.toThrow("(10048)");
      await expect(upload.complete(parts.slice(0, 2))).rejects.toThrow("(10048)");
      expect(await objects.head("parts/unequal")).toBeNull();
      await upload.abort();
    });

    test("the number of a part is from 1 to 10,000", async () => {
      const upload = await open().createMultipartUpload("parts/numbers");
      for (const number of [0, 10_001]) await expect(upload.uploadPart(number, bytesOf(1))).rejects.toThrow(/number/i);
      await upload.uploadPart(10_000, bytesOf(1));
      await upload.abort();
    });
  });
}
