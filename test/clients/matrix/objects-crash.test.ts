import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test, vi } from "vitest";
import { pathOfObject } from "../../../server/objects/key-path.ts";
import { DAY } from "../../../worker/duration.ts";
import type { Objects } from "../../../worker/platform/objects.ts";
import { contentOf } from "../../server/objects/content.ts";
import { testFolder, textOf } from "../../server/objects/support.ts";

const folder = testFolder();
const CHILD = join(import.meta.dirname, "..", "..", "server", "objects", "child.ts");

/** The files that the rows name. */
async function named(objects: Objects): Promise<string[]> {
  const { objects: listed } = await objects.list({});
  return listed.map(({ key, etag }) => pathOfObject(key, etag)).toSorted();
}

/** Starts a process that writes, kills it after some lines, and returns them. */
async function killed(run: number, lines: number): Promise<string[][]> {
  const child = spawn(process.execPath, [CHILD, "write", folder.path(), String(run)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const seen: string[][] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    seen.push(line.split(" "));
    if (seen.length === lines) child.kill("SIGKILL");
  }
  expect((await ended)[1]).toBe("SIGKILL");
  return seen;
}

test("a process that is killed while it writes loses nothing that it had stored, and leaves nothing else", async () => {
  const hosted = new Map<string, number>();
  for (let run = 0; run < 6; run++) {
    for (const [what, key = "", at] of await killed(run, 20 + 13 * run)) {
      if (!key.startsWith("hosted/")) continue;
      if (what === "put") hosted.set(key, Number(at));
      else hosted.delete(key);
    }
    const objects = await folder.open();
    expect(folder.files("partial")).toEqual([]);
    for (const [key, at] of hosted) expect(await textOf(objects, key)).toBe(contentOf(key, at).toString());
    const { objects: listed } = await objects.list({});
    for (const { key } of listed) {
      const text = (await textOf(objects, key)) ?? "";
      const [name = "", at] = text.slice(0, text.indexOf("\n")).split(" ");
      expect(text).toBe(contentOf(name, Number(at)).toString());
      expect([key, "part"]).toContain(name);
    }
    await vi.waitFor(async () => expect(folder.files("objects")).toEqual(await named(objects)), { timeout: 10_000 });
    await folder.close();
  }
  expect(hosted.size).toBeGreaterThan(20);
});

test("files of a team come back where the database was lost; what can be fetched again goes", async () => {
  const before = await folder.open();
  await before.put("hosted/Aé/1", "abc");
  await before.put("file/a", "abc");
  const put = await before.head("hosted/Aé/1");
  await folder.close();
  for (const end of ["", "-wal", "-shm"]) rmSync(folder.path(`objects.sqlite${end}`), { force: true });
  const objects = await folder.open();
  expect(await textOf(objects, "hosted/Aé/1")).toBe("abc");
  expect(await objects.head("hosted/Aé/1")).toMatchObject({ size: 3, etag: put?.etag, customMetadata: {} });
  expect(await objects.head("file/a")).toBeNull();
  await vi.waitFor(() => expect(folder.files("objects")).toEqual([`hosted/!a=c3=a9/1@${put?.etag}`]));
});

test("after a stop in good order nothing is looked for, and what others put there stays in any case", async () => {
  const first = await folder.open();
  await first.put("file/a", "abc");
  await folder.close();
  const unnamed = ["file/b@0123456789abcdef", "file/.DS_Store"];
  for (const name of unnamed) writeFileSync(folder.path(`objects/${name}`), "abc");
  const second = await folder.open();
  await second.list({});
  await folder.close();
  expect(folder.files("objects")).toEqual(expect.arrayContaining(unnamed));
  rmSync(folder.path("objects.sqlite"));
  await folder.open();
  await vi.waitFor(() => expect(folder.files("objects")).toEqual(["file/.DS_Store"]));
});

test("an upload in parts goes on after a restart, and ends after seven days", async () => {
  let now = Date.now();
  const part = Buffer.alloc(5 * 1024 * 1024, "p");
  const before = await folder.open(() => now);
  const upload = await before.createMultipartUpload("staging/a", { customMetadata: { a: "1" } });
  const old = await before.createMultipartUpload("staging/old");
  await old.uploadPart(1, Buffer.from("abc"));
  const parts = [await upload.uploadPart(1, part)];
  await folder.close();
  mkdirSync(folder.path("uploads/ended"));
  writeFileSync(folder.path("uploads/ended/1@0123456789abcdef"), "abc");

  now += 6 * DAY;
  const between = await folder.open(() => now);
  const again = between.resumeMultipartUpload("staging/a", upload.uploadId);
  parts.push(await again.uploadPart(2, Buffer.from("end")));
  expect(await again.complete(parts)).toMatchObject({ size: part.byteLength + 3, customMetadata: { a: "1" } });
  expect(folder.files("uploads")).toHaveLength(1);

  now += DAY + 1;
  const expired = between.resumeMultipartUpload("staging/old", old.uploadId);
  await expect(expired.uploadPart(2, Buffer.from("abc"))).rejects.toThrow("(10024)");
  await folder.close();
  await folder.open(() => now);
  expect(folder.files("uploads")).toEqual([]);
});

/** What a process says that may have no more of something than `limit` of the shell says. */
async function limited(limit: string, what: string): Promise<string[]> {
  const child = spawn("bash", ["-c", `${limit}; exec "$@"`, "bash", process.execPath, CHILD, what, folder.path()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  expect((await ended)[0]).toBe(0);
  return lines;
}

test("a disk that takes no more bytes is the system's error, and nothing of the object is there", async () => {
  const full = expect.stringMatching(/^EFBIG: file too large, write$/);
  expect(await limited("ulimit -f 100", "fill")).toEqual(["stored", full, full]);
  const objects = await folder.open();
  expect(await named(objects)).toEqual(folder.files("objects"));
  expect(await textOf(objects, "file/small")).toBe(contentOf("file/small", 0).toString());
  expect(folder.files("partial")).toEqual([]);
});

test("too many open files are the system's error, and pass", async () => {
  const [outcomes = "", later] = await limited("ulimit -n 60", "crowd");
  expect(outcomes.split(" ").toSorted()).toEqual(["EMFILE", "stored"]);
  expect(later).toBe("stored");
  const objects = await folder.open();
  expect(await named(objects)).toEqual(folder.files("objects"));
});
