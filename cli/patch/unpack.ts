import { createReadStream, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { unpackTar } from "modern-tar/fs";
import { makeFolder } from "../../server/make-folder.ts";
import { pathErrorText } from "../../server/file-errors.ts";
import { CommandError } from "../lib/command-error.ts";

/** Unpacks an sdist into a folder. @returns its one folder. Throws a `CommandError` where it is not a whole one. */
export async function unpackSdist(path: string, folder: string): Promise<string> {
  if (path.endsWith(".zip")) await unpackZip(path, folder);
  else {
    try {
      await pipeline(createReadStream(path), createGunzip(), unpackTar(folder));
    } catch (error) {
      throw new CommandError(`${path} cannot be unpacked: ${pathErrorText(error)}.`);
    }
  }
  const [root, ...others] = readdirSync(folder);
  if (root !== undefined && others.length === 0 && statSync(join(folder, root)).isDirectory())
    return join(folder, root);
  throw new CommandError(`${path} does not have one folder at its top, as an sdist has.`);
}

/** Unpacks a ZIP archive, such as a wheel, into a folder. @returns the paths of its files, in its order. Throws a `CommandError` where it is none. */
export async function unpackZip(path: string, folder: string): Promise<string[]> {
  const zip = new ZipReader(new Uint8ArrayReader(readFileSync(path)), { useWebWorkers: false });
  const paths: string[] = [];
  try {
    for (const entry of await zip.getEntries()) {
      if (entry.directory) continue;
      const parts = entry.filename.split("/");
      if (parts.some((part) => ["", ".", ".."].includes(part)) || entry.filename.includes("\\"))
        throw new Error(`${JSON.stringify(entry.filename)} leads out of it`);
      const target = join(folder, ...parts);
      makeFolder(dirname(target));
      writeFileSync(target, await entry.getData(new Uint8ArrayWriter()));
      paths.push(entry.filename);
    }
  } catch (error) {
    throw new CommandError(`${path} cannot be unpacked: ${pathErrorText(error)}.`);
  } finally {
    await zip.close();
  }
  return paths;
}
