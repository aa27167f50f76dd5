import { constants } from "node:fs";
import { copyFile, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { MovePlace } from "../../worker/storage/moving/place.ts";
import { makeFolder } from "../make-folder.ts";
import { fileBody, fileOf } from "../objects/file-body.ts";
import { isSystemError } from "../objects/system-error.ts";
import { writeNewFile } from "../objects/write-file.ts";

/** A folder of the disk as the place of a move folder. Its methods reject with the system's error. */
export function folderPlace(folder: string): MovePlace {
  const at = (path: string) => join(folder, path);

  /** Has a file written under another name first: under its own name it is whole. */
  async function replace(path: string, write: (aside: string) => Promise<unknown>): Promise<void> {
    // It has what the database knows of tokens, and people's addresses.
    makeFolder(dirname(at(path)), { mode: 0o700 });
    const aside = `${at(path)}.new`;
    await rm(aside, { force: true });
    await write(aside);
    const handle = await open(aside, "r+");
    await handle.sync().finally(() => handle.close());
    await rename(aside, at(path));
  }

  return {
    read: (path) => orUndefined(readFile(at(path))),
    write: (path, bytes) => replace(path, (aside) => writeNewFile(aside, bytes, { synced: false })),
    remove: (path) => rm(at(path), { force: true }),
    isStore: false,
    has: () => false,

    async add(path, { body }) {
      const file = fileOf(body);
      // Some disks copy without taking room. A link would let other programs change the only copy of a file.
      await replace(path, (aside) =>
        file ? copyFile(file.path, aside, constants.COPYFILE_FICLONE) : writeNewFile(aside, body, { synced: false }),
      );
    },

    async open(path) {
      const found = await orUndefined(stat(at(path)));
      return found && { size: found.size, body: fileBody({ path: at(path), offset: 0, length: found.size }) };
    },
  };
}

async function orUndefined<Found>(finding: Promise<Found>): Promise<Found | undefined> {
  try {
    return await finding;
  } catch (error) {
    if (isSystemError(error, "ENOENT") || isSystemError(error, "ENOTDIR")) return undefined;
    throw error;
  }
}
