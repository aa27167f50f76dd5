import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { SECOND } from "../../worker/duration.ts";
import type { Objects } from "../../worker/platform/objects.ts";
import type { OpenSpool } from "../../worker/platform/spool.ts";
import { makeFolder } from "../make-folder.ts";
import { sameFileAt } from "../sqlite/same-file.ts";
import { openSqlite } from "../sqlite/sqlite.ts";
import type { Writer } from "../sqlite/writer.ts";
import { noteClosed, takeClosed } from "./closed.ts";
import { syncFolder } from "./folders.ts";
import { MOST_IN_MEMORY, MemorySpool } from "./memory-spool.ts";
import { ObjectFiles } from "./object-files.ts";
import { SCHEMA } from "./object-rows.ts";
import { fileObjects } from "./objects.ts";
import { recoverDurable, removeUnnamed } from "./recovery.ts";
import { Soundness } from "./soundness.ts";
import { UNSYNCED_SCHEMA, unsyncedVersions, WriteBack } from "./unsynced.ts";
import { Uploads } from "./uploads.ts";

/** How often the bytes of new objects are written back. Milliseconds. */
const WRITE_BACK_EVERY = 5 * SECOND;

export interface OpenedObjects extends Objects {
  /** Opens a spool whose bytes can become an object here. */
  readonly openSpool: OpenSpool;
  /** Whether the folder was closed in good order; otherwise a kill or a power failure may have ended its use, or it is new. */
  readonly wasClosed: boolean;
  /** Resolves when the bytes of all objects that were put before are on the disk, or cannot be written. */
  writeBack(): Promise<void>;
  /** Waits for the writes that were begun. No method may be called after it. */
  close(): Promise<void>;
}

interface ObjectsOptions {
  /**
   * Prefixes of keys, each with a slash at its end, whose bytes are on the disk before a put resolves, and are not
   * deleted where only their row is missing. What lies under other keys can be fetched again.
   */
  readonly durable: readonly string[];
  /** Takes a sentence for each object whose bytes the disk has lost or does not take. */
  readonly log?: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Opens a folder of objects, made where there is none. Each object is a file below `objects/`; what else is known about
 * it is a row of `objects.sqlite`. What a stop in the middle of something has left is deleted: of durable keys before
 * this resolves, of others in the background. Rejects with the system's error or SQLite's.
 */
export async function openObjects(folder: string, writer: Writer, options: ObjectsOptions): Promise<OpenedObjects> {
  const { durable, log = () => undefined, now = Date.now } = options;
  const isDurable = (key: string) => durable.some((prefix) => key.startsWith(prefix));
  // All of one file system: a rename moves a file from one to the other.
  const [root, partial, parts] = [join(folder, "objects"), join(folder, "partial"), join(folder, "uploads")];
  for (const each of [root, partial, parts]) makeFolder(each);
  await syncFolder(folder);
  for (const name of await readdir(partial)) await rm(join(partial, name), { recursive: true });

  const rows = join(folder, "objects.sqlite");
  const db = await openSqlite(rows, writer, {
    durable: true,
    schema: [...SCHEMA, ...UNSYNCED_SCHEMA],
  });
  const files = new ObjectFiles(root, partial, isDurable);
  const uploads = new Uploads(parts, db, files, { isDurable, now });
  await uploads.endExpired();
  await uploads.removeEnded();

  const closedFile = join(folder, "objects.closed");
  const wasClosed = await takeClosed(db, folder, closedFile);
  const soundness = new Soundness({
    db,
    files,
    isDurable,
    suspects: unsyncedVersions(db),
    isInPlace: sameFileAt(rows),
    log,
  });
  const writeBack = new WriteBack(db, files, (row) => soundness.isUndamaged(row), log);
  let isClosing = false;
  if (!wasClosed) await recoverDurable(db, files, durable);
  const cleanup = wasClosed
    ? Promise.resolve(true)
    : removeUnnamed(db, files, durable, () => isClosing).catch(() => false);

  // A failure (a full disk) passes, or shows with the next put.
  const writeBackNow = () => void writeBack.run().catch(() => undefined);
  const timer = setInterval(writeBackNow, WRITE_BACK_EVERY);
  timer.unref();

  return {
    ...fileObjects({ db, files, uploads, soundness, now }),
    wasClosed,
    openSpool: async ({ size, algorithm }) =>
      size !== undefined && size <= MOST_IN_MEMORY ? new MemorySpool(size, algorithm) : files.spool(size, algorithm),
    writeBack: () => writeBack.run(),
    async close() {
      isClosing = true;
      clearInterval(timer);
      // What was not written back is verified when it is next wanted.
      await writeBack.run().catch(() => undefined);
      // Where something was left, files and rows are compared when the folder is opened again.
      if ((await cleanup) && !files.hasLeftovers()) await noteClosed(db, closedFile, now());
      await db.close();
    },
  };
}
