import { open } from "node:fs/promises";
import { indexFileOf } from "../../worker/advisories/export-file.ts";
import { CommandError } from "./command-error.ts";
import { fileErrorText, pathErrorText } from "../../server/file-errors.ts";

/** The index of OSV's export in a file on this machine, and the records that cannot be read. Throws a `CommandError`. */
export async function advisoryIndexOf(path: string): ReturnType<typeof indexFileOf> {
  const file = await open(path).catch((error: unknown) => {
    throw new CommandError(`${path} cannot be read: ${fileErrorText(error)}.`);
  });
  try {
    const { size } = await file.stat();
    return await indexFileOf(size, async (offset, length) => {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, offset);
      return bytes.subarray(0, bytesRead);
    });
  } catch (error) {
    throw new CommandError(`${path} is not OSV's export: ${pathErrorText(error)}.`);
  } finally {
    await file.close();
  }
}
