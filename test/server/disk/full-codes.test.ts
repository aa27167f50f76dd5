import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { expect, test, vi } from "vitest";
import { orDiskFull } from "../../../server/disk-full.ts";
import { storageFailed } from "../../../worker/errors.ts";
import { testFolder, textOf } from "../objects/support.ts";

const folder = testFolder();

const systemError = (code: string) => Object.assign(new Error(`${code}: as the system says it, write`), { code });
const sqliteError = (errcode: number) => Object.assign(new Error("as SQLite says it"), { errcode });

const failing = (error: Error) => async () => {
  throw error;
};

test.each([systemError("ENOSPC"), systemError("EDQUOT"), sqliteError(13), sqliteError(4874)])(
  "%o says that the disk is full",
  async (given) => {
    const full = await orDiskFull(failing(given)).catch((reason: unknown) => reason);
    expect(full).toMatchObject({ kind: "storage-full", status: 507, cause: given });
    expect(storageFailed(full)).toBe(full);
  },
);

test.each([systemError("EIO"), systemError("EMFILE"), sqliteError(10), new Error("no code")])(
  "%o says something else",
  async (given) => {
    await expect(orDiskFull(failing(given))).rejects.toBe(given);
    expect(storageFailed(given)).toMatchObject({ kind: "storage-failed", status: 503, cause: given });
  },
);

test.each(["write", "sync"] as const)("an object is refused as a whole where %s finds no room", async (call) => {
  const objects = await folder.open();
  const handle = await open(folder.path("objects.sqlite"));
  const spied = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, call);
  await handle.close();
  spied.mockRejectedValueOnce(systemError("EDQUOT"));
  await expect(objects.put("hosted/a", "abc")).rejects.toMatchObject({ kind: "storage-full" });
  spied.mockRestore();
  expect([await objects.head("hosted/a"), folder.files("objects"), folder.files("partial")]).toEqual([null, [], []]);
  await objects.put("hosted/a", "abc");
  expect(await textOf(objects, "hosted/a")).toBe("abc");
});

test.each([
  ["EDQUOT", "storage-full"],
  ["EIO", undefined],
] as const)("a write of SQLite's that fails where the disk says %s is %s", async (code, kind) => {
  await folder.open();
  const handle = await open(folder.path("objects.sqlite"));
  const spied = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, "write");
  await handle.close();
  spied.mockRejectedValueOnce(systemError(code));
  const failure = sqliteError(778);
  const work = orDiskFull(failing(failure), folder.path("objects.sqlite"));
  const error: unknown = await work.catch((reason: unknown) => reason);
  spied.mockRestore();
  expect((error as { kind?: string }).kind).toBe(kind);
  expect([error, (error as Error).cause]).toContain(failure);
  // Where the disk takes bytes, the fault is another one.
  await expect(orDiskFull(failing(failure), folder.path("objects.sqlite"))).rejects.toBe(failure);
  expect(existsSync(folder.path("objects.sqlite.probe"))).toBe(false);
});
