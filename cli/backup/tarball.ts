import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { packTar, unpackTar } from "modern-tar/fs";
import { makeFolder } from "../../server/make-folder.ts";
import { CommandError } from "../lib/command-error.ts";
import { pathErrorText } from "../../server/file-errors.ts";

/** Packs a folder as a tar, which has its name once it is whole and on the disk. Rejects with the system's error. */
export async function pack(folder: string, tarball: string): Promise<void> {
  const aside = `${tarball}.new`;
  await pipeline(packTar(folder), createWriteStream(aside, { mode: 0o600 }));
  const handle = await open(aside, "r+");
  await handle.sync().finally(() => handle.close());
  await rename(aside, tarball);
}

/**
 * Unpacks a tar into a folder, which is emptied before.
 *
 * @throws CommandError where it is no whole tar
 */
export async function unpack(tarball: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  makeFolder(folder, { mode: 0o700 });
  try {
    await pipeline(createReadStream(tarball), unpackTar(folder, { strict: true, fmode: 0o600, dmode: 0o700 }));
  } catch (error) {
    throw new CommandError(
      `${tarball} cannot be unpacked: ${pathErrorText(error)}. Use another backup, or another copy of it.`,
    );
  }
}
