import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { fileOf } from "../../../server/objects/file-body.ts";
import { openFiles, streamOf, testFolder, textOf } from "./support.ts";

const folder = testFolder();
const bytes = (size: number) => Buffer.alloc(size, "0123456789");

test("an object is a file under its key", async () => {
  const objects = await folder.open();
  const put = await objects.put("hosted/00ff/1a", "abc");
  expect(folder.files("objects")).toEqual([`hosted/00ff/1a@${put?.etag}`]);
  expect(readFileSync(folder.path(`objects/hosted/00ff/1a@${put?.etag}`), "utf8")).toBe("abc");
  expect(folder.files("partial")).toEqual([]);
});

test("what was replaced or deleted leaves no file and no empty folder", async () => {
  const objects = await folder.open();
  await objects.put("file/a/b/c", "old");
  const put = await objects.put("file/a/b/c", "new");
  expect(folder.files("objects")).toEqual([`file/a/b/c@${put?.etag}`]);
  await objects.put("file/a/d", "abc");
  await objects.delete("file/a/b/c");
  expect(existsSync(folder.path("objects/file/a/b"))).toBe(false);
  await objects.delete("file/a/d");
  expect([existsSync(folder.path("objects/file")), existsSync(folder.path("objects"))]).toEqual([false, true]);
  await objects.put("file/a/b/c", "again");
  expect(await textOf(objects, "file/a/b/c")).toBe("again");
});

test("what is refused leaves no file", async () => {
  const objects = await folder.open();
  await objects.put("file/a", "old");
  const before = folder.files("objects");
  expect(await objects.put("file/a", "new", { onlyIf: { etagDoesNotMatch: "*" } })).toBeNull();
  await expect(objects.put("file/a", "new", { sha256: "00" })).rejects.toThrow("(10037)");
  const broken = streamOf(bytes(100_000), new Error("The upstream broke off."));
  await expect(objects.put("file/a", broken)).rejects.toThrow("The upstream broke off.");
  expect([folder.files("objects"), folder.files("partial")]).toEqual([before, []]);
});

test("verified bytes are stored where others have deleted their folder meanwhile", async () => {
  const objects = await folder.open();
  await objects.put("file/a/b", "abc");
  rmSync(folder.path("objects/file"), { recursive: true });
  const sha256 = createHash("sha256").update("def").digest("hex");
  await objects.put("file/a/c", "def", { sha256 });
  expect(await textOf(objects, "file/a/c")).toBe("def");
});

test("a put that is refused before it reads cancels its stream", async () => {
  const objects = await folder.open();
  let reason: unknown;
  const source = () => new ReadableStream({ cancel: (given) => void (reason = given) });
  await expect(objects.put("k".repeat(1_025), source())).rejects.toThrow("(10020)");
  expect(String(reason)).toContain("(10020)");
  const upload = objects.resumeMultipartUpload("file/a", "none");
  await expect(upload.uploadPart(1, source())).rejects.toThrow("(10024)");
  expect(String(reason)).toContain("(10024)");
});

test("folders that come and go under many writers lose nothing", async () => {
  const objects = await folder.open();
  const rounds = Array.from({ length: 300 }, async (_, at) => {
    const key = `file/a/b/c/${at}`;
    await objects.put(key, String(at));
    expect(await textOf(objects, key)).toBe(String(at));
    if (at % 10 > 0) await objects.delete(key);
  });
  await Promise.all(rounds);
  expect((await objects.list({ prefix: "file/" })).objects).toHaveLength(30);
  expect(folder.files("objects")).toHaveLength(30);
});

test("chunks whose memory the source uses again are stored as they were", async () => {
  const objects = await folder.open();
  const [sizes, memory] = [[1, 100, 32_767, 32_768, 70_000, 3, 40_000], new Uint8Array(70_000)];
  const expected = Buffer.concat(sizes.map((size, at) => Buffer.alloc(size, at + 1)));
  let at = 0;
  const source = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        memory.fill(at + 1);
        const size = sizes[at++];
        if (size === undefined) controller.close();
        else controller.enqueue(memory.subarray(0, size));
      },
    },
    { highWaterMark: 0 },
  );
  await objects.put("file/reused", source);
  expect(Buffer.from((await (await objects.get("file/reused"))?.bytes()) ?? []).equals(expected)).toBe(true);
});

test("a reader of an object that is replaced or deleted finishes with the bytes that it began with", async () => {
  const objects = await folder.open();
  await objects.put("file/a", bytes(1_000_000));
  const reader = (await objects.get("file/a"))?.body.getReader();
  let size = (await reader?.read())?.value?.byteLength ?? 0;
  await objects.put("file/a", "new");
  await objects.delete("file/a");
  for (let next = await reader?.read(); next?.value; next = await reader?.read()) size += next.value.byteLength;
  expect(size).toBe(1_000_000);
});

test("a body that is not read yet fails once its object is gone", async () => {
  const objects = await folder.open();
  await objects.put("file/a", bytes(10));
  const body = (await objects.get("file/a"))?.body;
  await objects.delete("file/a");
  await expect(new Response(body).bytes()).rejects.toThrow("ENOENT");
});

test("a body is known as a part of a file, and opens nothing until it is read", async () => {
  const objects = await folder.open();
  const put = await objects.put("file/a", "abcdefghij");
  const before = openFiles();
  const whole = await objects.get("file/a");
  const part = await objects.get("file/a", { range: { offset: 2, length: 3 } });
  const path = folder.path(`objects/file/a@${put?.etag}`);
  expect(fileOf(whole?.body)).toEqual({ path, offset: 0, length: 10 });
  expect(fileOf(part?.body)).toEqual({ path, offset: 2, length: 3 });
  expect(fileOf(new ReadableStream())).toBeUndefined();
  expect(fileOf(null)).toBeUndefined();
  expect(openFiles()).toBe(before);
});

test("200 reads that are aborted, or read to their end, leave no file open", async () => {
  const objects = await folder.open();
  await objects.put("file/a", bytes(1_000_000));
  const before = openFiles();
  const reads = Array.from({ length: 200 }, async (_, at) => {
    const body = (await objects.get("file/a"))?.body;
    if (at % 4 === 0) return new Response(body).bytes();
    const reader = body?.getReader();
    // While the file is opened, while it is read, and between two reads.
    const reading = at % 4 === 1 ? reader?.read() : await reader?.read();
    await reader?.cancel();
    return reading;
  });
  await Promise.all(reads);
  expect(openFiles()).toBe(before);
});

test("a reader that asks for more bytes than there are gets those that there are", async () => {
  const objects = await folder.open();
  await objects.put("file/a", bytes(300_000));
  const reader = (await objects.get("file/a"))?.body.getReader({ mode: "byob" }) as unknown as {
    read: (view: Uint8Array, options: { min: number }) => Promise<{ value?: Uint8Array; done: boolean }>;
  };
  expect((await reader.read(new Uint8Array(299_999), { min: 299_999 })).value).toHaveLength(299_999);
  expect((await reader.read(new Uint8Array(10), { min: 10 })).value).toHaveLength(1);
  expect((await reader.read(new Uint8Array(10), { min: 10 })).done).toBe(true);
});

test.each(["is gone", "was cut"])(
  "a file that can be fetched again and %s is absent, and can be stored anew",
  async (how) => {
    const objects = await folder.open();
    const put = await objects.put("file/a", "abc");
    const path = folder.path(`objects/file/a@${put?.etag}`);
    if (how === "is gone") rmSync(path);
    else truncateSync(path, 2);
    expect(await objects.get("file/a")).toBeNull();
    expect(await objects.head("file/a")).toBeNull();
    expect(folder.files("objects")).toEqual([]);
    await objects.put("file/a", "new", { onlyIf: { etagDoesNotMatch: "*" } });
    expect(await textOf(objects, "file/a")).toBe("new");
  },
);

test("a team's file that is gone or was cut is an error, never absent", async () => {
  const objects = await folder.open();
  const [a, b] = [await objects.put("hosted/a", "abc"), await objects.put("hosted/b", "abc")];
  rmSync(folder.path(`objects/hosted/a@${a?.etag}`));
  truncateSync(folder.path(`objects/hosted/b@${b?.etag}`), 2);
  await expect(objects.get("hosted/a")).rejects.toThrow(/^The bytes of hosted\/a are lost: \S+ is not there\.$/);
  await expect(objects.get("hosted/b")).rejects.toThrow(/has 2 bytes instead of 3\.$/);
  expect(await objects.head("hosted/a")).toMatchObject({ size: 3 });
});

test("a file that is cut while it is read breaks its body off", async () => {
  const objects = await folder.open();
  const put = await objects.put("hosted/a", bytes(1_000_000));
  const reader = (await objects.get("hosted/a"))?.body.getReader();
  await reader?.read();
  truncateSync(folder.path(`objects/hosted/a@${put?.etag}`), 500_000);
  const rest = async () => {
    for (let next = await reader?.read(); next?.value; next = await reader?.read());
  };
  await expect(rest()).rejects.toThrow("ends after 500000 bytes; the object has at least 1000000.");
});

test("an error of the disk has the system's text, and leaves what was there", async () => {
  const objects = await folder.open();
  await objects.put("file/a", "old");
  const before = openFiles();
  rmSync(folder.path("partial"), { recursive: true });
  writeFileSync(folder.path("partial"), "");
  await expect(objects.put("hosted/a", "new")).rejects.toThrow("ENOTDIR");
  await expect(objects.put("file/a", streamOf(bytes(10)))).rejects.toThrow("ENOTDIR");
  expect(await textOf(objects, "file/a")).toBe("old");
  rmSync(folder.path("partial"));
  expect(openFiles()).toBe(before);
});

test("an error when a file is moved into its place leaves no file", async () => {
  const objects = await folder.open();
  writeFileSync(folder.path("objects/file"), "This is no folder.");
  await expect(objects.put("file/a", "abc")).rejects.toThrow(/ENOTDIR|EEXIST/);
  expect([folder.files("objects"), folder.files("partial")]).toEqual([["file"], []]);
  rmSync(folder.path("objects/file"));
  await objects.put("file/a", "abc");
  expect(await textOf(objects, "file/a")).toBe("abc");
});

test("an old version that cannot be deleted does not undo the put, and goes when the folder is opened again", async () => {
  const objects = await folder.open();
  const old = await objects.put("file/a", "old");
  const path = folder.path(`objects/file/a@${old?.etag}`);
  rmSync(path);
  mkdirSync(path);
  const put = await objects.put("file/a", "new");
  expect(await textOf(objects, "file/a")).toBe("new");
  await folder.close();
  rmSync(path, { recursive: true });
  writeFileSync(path, "old");
  await folder.open();
  await vi.waitFor(() => expect(folder.files("objects")).toEqual([`file/a@${put?.etag}`]));
});

test("a team's bytes and their folders are on the disk before a put resolves; others are not waited for", async () => {
  const objects = await folder.open();
  const handle = await open(folder.path());
  const sync = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, "sync");
  await handle.close();
  const syncs = async (key: string) => {
    sync.mockClear();
    await objects.put(key, "abc");
    return sync.mock.calls.length;
  };
  // The file, its folder, and each folder above it that has a new entry.
  expect(await syncs("hosted/a/1")).toBe(4);
  expect(await syncs("hosted/a/2")).toBe(2);
  expect(await syncs("hosted/b/1")).toBe(3);
  expect(await syncs("file/a/1")).toBe(0);
  const upload = await objects.createMultipartUpload("staging/a");
  sync.mockClear();
  const part = await upload.uploadPart(1, Buffer.from("abc"));
  expect(sync.mock.calls.length).toBe(2);
  await upload.complete([part]);
  expect(sync.mock.calls.length).toBe(5);
  sync.mockRestore();
});

test.each([10, 100_000])("an upload that is aborted while %i bytes of a part arrive leaves no file", async (size) => {
  const objects = await folder.open();
  for (const key of ["file/a", "staging/a"]) {
    const upload = await objects.createMultipartUpload(key);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const part = upload.uploadPart(1, readable).catch(String);
    const writer = writable.getWriter();
    await writer.write(bytes(size));
    await upload.abort();
    await writer.close();
    expect(await part).toContain("(10024)");
  }
  expect(readdirSync(folder.path("uploads"))).toEqual([]);
});
