import { cpSync, mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { openObjects, type OpenedObjects } from "../../../server/objects/open-objects.ts";
import { Writer } from "../../../server/sqlite/writer.ts";
import { DURABLE_PREFIXES, type Objects } from "../../../worker/platform/objects.ts";

/** A folder of objects that lives for a test. It can be closed and opened again. */
export function testFolder() {
  let folder = "";
  let writer: Writer | undefined;
  let objects: OpenedObjects | undefined;
  const log: string[] = [];

  async function close() {
    await objects?.close();
    await writer?.end();
    [objects, writer] = [undefined, undefined];
  }

  afterEach(async () => {
    await close();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
    folder = "";
    log.length = 0;
  });

  return {
    close,
    /** The sentences for the log. */
    log,
    /** Closes the folder, and leaves it as it would be if the process had been killed instead. */
    async crash() {
      const copy = `${folder}-copy`;
      cpSync(folder, copy, { recursive: true });
      await close();
      rmSync(folder, { recursive: true });
      renameSync(copy, folder);
    },
    /** The path of something in the folder. */
    path(name = "") {
      if (folder === "") folder = mkdtempSync(join(tmpdir(), "pypi-edge-objects-"));
      return join(folder, name);
    },
    async open(now?: () => number): Promise<OpenedObjects> {
      writer = new Writer();
      const options = { durable: DURABLE_PREFIXES, log: (line: string) => log.push(line), ...(now && { now }) };
      objects = await openObjects(this.path(), writer, options);
      return objects;
    },
    /** The files below a part of the folder, in order. */
    files(part: "objects" | "partial" | "uploads") {
      return readdirSync(this.path(part), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(this.path(part).length + 1))
        .toSorted();
    },
  };
}

export async function textOf(objects: Objects, key: string): Promise<string | undefined> {
  const object = await objects.get(key);
  return object ? Buffer.from(await object.bytes()).toString() : undefined;
}

/** The files below `objects/` and `partial/` of any folder that this process has open. */
export const openObjectFiles = () =>
  readdirSync("/proc/self/fd").flatMap((descriptor) => {
    const path = pathOf(descriptor);
    return /\/(?:partial|objects)\//.test(path) ? [path] : [];
  });

/** What a descriptor is open on; empty where it has been closed meanwhile. */
function pathOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return "";
  }
}

/** How many files this process has open. */
export const openFiles = () => readdirSync("/proc/self/fd").length;

export function streamOf(...chunks: (Uint8Array | Error)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift();
      if (chunk instanceof Error) controller.error(chunk);
      else if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
  });
}
