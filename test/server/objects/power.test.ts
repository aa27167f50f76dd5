import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test, vi } from "vitest";
import { FINDINGS } from "../../../server/backup/findings.ts";
import { damageOf } from "../../../server/backup/verify-state.ts";
import type { OpenedObjects } from "../../../server/objects/open-objects.ts";
import { remedyFor } from "../../../server/objects/remedies.ts";
import { unsyncedVersions } from "../../../server/objects/unsynced.ts";
import { readOnlySqlite } from "../../../server/sqlite/read-only.ts";
import { DURABLE_PREFIXES } from "../../../worker/platform/objects.ts";
import { testFolder, textOf } from "./support.ts";

const folder = testFolder();
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const DAMAGES = {
  zeroed: (path: string) => writeFileSync(path, new Uint8Array(3)),
  torn: (path: string) => writeFileSync(path, "ab\0"),
  short: (path: string) => truncateSync(path, 2),
  empty: (path: string) => truncateSync(path, 0),
  lost: (path: string) => rmSync(path),
} as const;

const damages = Object.keys(DAMAGES) as (keyof typeof DAMAGES)[];

/** Puts an object of the bytes `abc`, and returns the path of its file. */
async function put(objects: OpenedObjects, key: string, hasDigest = true): Promise<string> {
  const { etag } = (await objects.put(key, "abc", hasDigest ? { sha256: sha256("abc") } : {})) ?? {};
  return `objects/${key}@${etag}`;
}

/** The power fails before anything is written back; then `path` is damaged. */
async function powerFails(path?: string, damage?: keyof typeof DAMAGES): Promise<OpenedObjects> {
  await folder.crash();
  if (path && damage) DAMAGES[damage](folder.path(path));
  return folder.open();
}

test.each(damages)("a file that can be fetched again and is %s after a power failure is absent", async (damage) => {
  const path = await put(await folder.open(), "file/a");
  const objects = await powerFails(path, damage);
  expect(await objects.get("file/a")).toBeNull();
  expect(existsSync(folder.path(path))).toBe(false);
  await objects.put("file/a", "new", { onlyIf: { etagDoesNotMatch: "*" } });
  expect(await textOf(objects, "file/a")).toBe("new");
});

test("a HEAD and a part do not find it either", async () => {
  const before = await folder.open();
  const paths = [await put(before, "file/a"), await put(before, "file/b")];
  await folder.crash();
  for (const path of paths) DAMAGES.torn(folder.path(path));
  const objects = await folder.open();
  expect(await objects.head("file/a")).toBeNull();
  expect(await objects.get("file/b", { range: { offset: 0, length: 1 } })).toBeNull();
});

test("a right one is served after a power failure, and is read for that once", async () => {
  await put(await folder.open(), "file/a");
  const objects = await powerFails();
  const handle = await open(folder.path("objects.sqlite"));
  const read = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, "read");
  await handle.close();
  const [whole, head] = await Promise.all([objects.get("file/a"), objects.head("file/a")]);
  expect([whole?.size, head?.size]).toEqual([3, 3]);
  const reads = read.mock.calls.length;
  expect(reads).toBeGreaterThan(0);
  await objects.get("file/a");
  expect(read.mock.calls.length).toBe(reads);
  expect(await textOf(objects, "file/a")).toBe("abc");
  read.mockRestore();
});

/** How bytes come into an object whose put names no digest, as a page, a listing and an unverified file do. */
const WITHOUT_DIGEST = {
  "at once": (objects) => objects.put("file/a", "abc"),
  "as a stream": (objects) => objects.put("file/a", new Blob(["abc"]).stream()),
  "in parts": async (objects) => {
    const upload = await objects.createMultipartUpload("file/a");
    return upload.complete([await upload.uploadPart(1, Buffer.from("abc"))]);
  },
  "from a spool": async (objects) => {
    const spool = await objects.openSpool({ size: undefined, algorithm: undefined });
    await spool.write(Buffer.from("abc"));
    const head = await objects.put("file/a", spool.content());
    await spool.close();
    return head;
  },
} satisfies Record<string, (objects: OpenedObjects) => Promise<{ readonly etag: string } | null>>;

describe.each(Object.entries(WITHOUT_DIGEST))("one that was put without a digest, %s,", (_, write) => {
  test("is served after a kill", async () => {
    await write(await folder.open());
    expect(await textOf(await powerFails(), "file/a")).toBe("abc");
  });

  test("is absent where a power failure has left other bytes", async () => {
    const head = await write(await folder.open());
    const path = `objects/file/a@${head?.etag}`;
    const objects = await powerFails(path, "zeroed");
    expect(await objects.get("file/a")).toBeNull();
    expect(existsSync(folder.path(path))).toBe(false);
  });
});

test("one that the version before put without a digest is absent after a kill", async () => {
  const path = await put(await folder.open(), "file/a");
  await folder.crash();
  const db = new DatabaseSync(folder.path("objects.sqlite"));
  db.exec("UPDATE object SET digest = NULL");
  db.close();
  expect(await (await folder.open()).get("file/a")).toBeNull();
  expect(existsSync(folder.path(path))).toBe(false);
});

test.each([...DURABLE_PREFIXES])("what cannot be fetched again is there after a power failure: %s", async (prefix) => {
  const objects = await folder.open();
  await put(objects, `${prefix}a`);
  await put(objects, `${prefix}b`, false);
  const again = await powerFails();
  expect([await textOf(again, `${prefix}a`), await textOf(again, `${prefix}b`)]).toEqual(["abc", "abc"]);
});

test("what has been written back is trusted, and so is all of it after a stop in good order", async () => {
  const first = await folder.open();
  const a = await put(first, "file/a");
  await first.writeBack();
  const b = await put(first, "file/b");
  await folder.crash();
  for (const path of [a, b]) DAMAGES.torn(folder.path(path));
  const second = await folder.open();
  expect([await textOf(second, "file/a"), await textOf(second, "file/b")]).toEqual(["ab\0", undefined]);
  const c = await put(second, "file/c");
  await folder.close();
  await folder.open();
  const third = await powerFails(c, "torn");
  expect([await textOf(third, "file/a"), await textOf(third, "file/c")]).toEqual(["ab\0", "ab\0"]);
});

test("a file is written back without a look at its size, which each read compares", async () => {
  const objects = await folder.open();
  const path = await put(objects, "file/a");
  DAMAGES.short(folder.path(path));
  await objects.writeBack();
  const db = readOnlySqlite(folder.path("objects.sqlite"));
  expect(unsyncedVersions(db)).toEqual(new Set());
  await db.close();
  expect(existsSync(folder.path(path))).toBe(true);
  expect(await objects.get("file/a")).toBeNull();
});

test("a file that cannot be written back is not trusted after a power failure", async () => {
  const objects = await folder.open();
  const path = await put(objects, "file/a");
  const handle = await open(folder.path("objects.sqlite"));
  const sync = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, "datasync");
  await handle.close();
  sync.mockRejectedValueOnce(Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" }));
  await objects.writeBack();
  // The system takes the pages for written now, and would say that all is well.
  await objects.writeBack();
  sync.mockRestore();
  expect(await textOf(await powerFails(path, "zeroed"), "file/a")).toBeUndefined();
});

test("what was replaced or deleted in the meantime is no trouble", async () => {
  const objects = await folder.open();
  await put(objects, "file/a");
  await put(objects, "file/b");
  await Promise.all([objects.delete("file/b"), objects.writeBack(), put(objects, "file/a")]);
  await objects.writeBack();
  const later = await powerFails();
  expect([await textOf(later, "file/a"), await later.head("file/b")]).toEqual(["abc", null]);
});

test.each(damages)("a team's file that is %s is an error, and one line in the log says what to do", async (damage) => {
  const path = await put(await folder.open(), "hosted/a");
  const objects = await powerFails(path, damage);
  for (let times = 0; times < 2; times++) {
    await expect(objects.get("hosted/a")).rejects.toThrow("The bytes of hosted/a are lost: ");
  }
  expect(folder.log).toEqual([
    expect.stringMatching(
      /^The bytes of hosted\/a are lost: \S+ .+\. Until its bytes are there again, clients get 503\. Restore the file from a backup\./,
    ),
  ]);
  await objects.writeBack();
  expect(folder.log).toHaveLength(1);
  expect(existsSync(folder.path(path))).toBe(damage !== "lost");
  expect((await objects.list({})).objects).toHaveLength(1);
});

test.each([
  ["hosted/a", /Without one, delete the release .* and publish it anew\./],
  ["staging/a", /Upload the file anew\./],
  ["carried/a", /Without one, carry all of the index anew to another source/],
  ["advisories/a", /Load the advisories anew: pypi-edge osv load/],
])("the log says what to do about a lost object: %s", async (key, sentence) => {
  const path = await put(await folder.open(), key);
  const objects = await powerFails(path, "lost");
  await expect(objects.get(key)).rejects.toThrow("are lost");
  expect(folder.log).toEqual([expect.stringMatching(sentence)]);
});

test("verify says the same of what it finds as the log", () => {
  const keys = DURABLE_PREFIXES.filter((prefix) => prefix !== "staging/");
  expect(keys.map((key) => FINDINGS[damageOf(key)])).toEqual(keys.map(remedyFor));
});

test("a team's file that is restored from a copy is served again", async () => {
  const path = await put(await folder.open(), "hosted/a");
  const objects = await powerFails(path, "torn");
  await expect(objects.get("hosted/a")).rejects.toThrow("are lost");
  writeFileSync(folder.path(path), "abc");
  expect(await textOf(objects, "hosted/a")).toBe("abc");
});

test("a team's file has a row again where the last writes of objects.sqlite are lost, also after a stop in good order", async () => {
  const first = await folder.open();
  await put(first, "hosted/a");
  await folder.close();
  await put(await folder.open(), "hosted/b");
  await folder.crash();
  // As in a copy of the directory that was made without the files beside SQLite's.
  for (const end of ["wal", "shm"]) rmSync(folder.path(`objects.sqlite-${end}`));
  const objects = await folder.open();
  expect([await textOf(objects, "hosted/a"), await textOf(objects, "hosted/b")]).toEqual(["abc", "abc"]);
});

test("a team's file has a row again where objects.sqlite was replaced by an earlier copy", async () => {
  await put(await folder.open(), "hosted/a");
  await folder.close();
  const copy = readFileSync(folder.path("objects.sqlite"));
  await put(await folder.open(), "hosted/b");
  await folder.close();
  writeFileSync(folder.path("objects.sqlite"), copy);
  const objects = await folder.open();
  expect([await textOf(objects, "hosted/a"), await textOf(objects, "hosted/b")]).toEqual(["abc", "abc"]);
});
