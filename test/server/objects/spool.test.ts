import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { openObjectFiles, testFolder, textOf } from "./support.ts";

const folder = testFolder();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

async function opened(size?: number) {
  const objects = await folder.open();
  return { objects, spool: await objects.openSpool({ size, algorithm: "sha256" }) };
}

test("a spool is read while it is written, and becomes an object without being copied", async () => {
  const { objects, spool } = await opened();
  const memory = Buffer.from("abc");
  await spool.write(memory);
  memory.fill("x");
  const view = Buffer.alloc(10, "-");
  expect([await spool.read(view, 1), view.toString()]).toEqual([2, "bc--------"]);
  expect(await spool.read(view, 3)).toBe(0);
  await spool.write(Buffer.from("def"));
  expect(spool.digest()).toBe(sha256("abcdef"));
  const [partial] = folder.files("partial");
  const put = await objects.put("file/a", spool.content(), { sha256: sha256("abcdef") });
  expect([put?.size, folder.files("partial")]).toEqual([6, []]);
  expect(folder.files("objects")).toEqual([`file/a@${partial}`]);
  expect(await textOf(objects, "file/a")).toBe("abcdef");
  await spool.close();
});

test("a small spool is in memory, and its object is written where it belongs", async () => {
  const { objects, spool } = await opened(6);
  const memory = Buffer.from("abc");
  await spool.write(memory);
  memory.fill("x");
  const view = Buffer.alloc(10, "-");
  expect([await spool.read(view, 1), view.toString()]).toEqual([2, "bc--------"]);
  expect(await spool.read(view, 3)).toBe(0);
  await spool.write(Buffer.from("def"));
  expect([spool.digest(), openObjectFiles()]).toEqual([sha256("abcdef"), []]);
  await expect(objects.put("file/a", spool.content(), { sha256: sha256("abd") })).rejects.toThrow("(10037)");
  expect([folder.files("objects"), folder.files("partial")]).toEqual([[], []]);
  await objects.put("file/a", spool.content(), { sha256: sha256("abcdef") });
  expect(await textOf(objects, "file/a")).toBe("abcdef");
  await spool.close();
});

test("a spool can be read after its object was deleted, until it is closed", async () => {
  const { objects, spool } = await opened();
  await spool.write(Buffer.from("abc"));
  await objects.put("file/a", spool.content());
  await objects.delete("file/a");
  const view = Buffer.alloc(3);
  expect([await spool.read(view, 0), view.toString()]).toEqual([3, "abc"]);
  expect(openObjectFiles()).toHaveLength(1);
  await spool.close();
  expect([openObjectFiles(), folder.files("objects"), folder.files("partial")]).toEqual([[], [], []]);
});

test("a spool that is closed before it was put leaves nothing", async () => {
  const { spool } = await opened();
  await spool.write(Buffer.from("abc"));
  await spool.close();
  expect(folder.files("partial")).toEqual([]);
});

test.each([
  ["another digest", { sha256: sha256("abd") }, "(10037)"],
  ["a digest that was not taken", { md5: "00" }, "none by md5"],
])("a put with %s is refused, and takes nothing over", async (_, options, reason) => {
  const { objects, spool } = await opened();
  await spool.write(Buffer.from("abc"));
  await expect(objects.put("file/a", spool.content(), options)).rejects.toThrow(reason);
  await spool.close();
  expect([folder.files("objects"), folder.files("partial")]).toEqual([[], []]);
});

test("a put whose condition does not hold leaves the object as it was", async () => {
  const { objects, spool } = await opened();
  await objects.put("file/a", "old");
  await spool.write(Buffer.from("new"));
  expect(await objects.put("file/a", spool.content(), { onlyIf: { etagDoesNotMatch: "*" } })).toBeNull();
  await spool.close();
  expect([await textOf(objects, "file/a"), folder.files("partial")]).toEqual(["old", []]);
});

test("a spool under a durable key is an object after a restart", async () => {
  const { objects, spool } = await opened();
  await spool.write(Buffer.from("abc"));
  await objects.put("hosted/a/b", spool.content());
  await spool.close();
  await folder.close();
  expect(await textOf(await folder.open(), "hosted/a/b")).toBe("abc");
});

test("no spool is opened for more bytes than the disk has room for", async () => {
  const objects = await folder.open();
  await expect(objects.openSpool({ size: 2 ** 60, algorithm: undefined })).rejects.toThrow(
    "The disk of this server is full",
  );
  expect(folder.files("partial")).toEqual([]);
});
