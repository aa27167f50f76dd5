import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { MAX_PATCH_BYTES } from "../../schema/fork.ts";
import { CommandError } from "../lib/command-error.ts";
import { fileErrorText } from "../../server/file-errors.ts";

/** A file with changes, as a unified diff. */
export interface PatchFile {
  readonly name: string;
  readonly bytes: Buffer;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Reads the patches in the order in which they are applied. Throws `CommandError` where one cannot be read, or all are too large. */
export function readPatches(paths: readonly string[]): PatchFile[] {
  const patches = paths.map((path): PatchFile => {
    try {
      return patchFile(basename(path), readFileSync(resolve(path)));
    } catch (error) {
      throw new CommandError(`${path}: ${fileErrorText(error)}.`);
    }
  });
  const size = patches.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  if (size <= MAX_PATCH_BYTES) return patches;
  throw new CommandError(
    `The patches have ${size} bytes; ${MAX_PATCH_BYTES} are the most that an index keeps of a fork. Fork the project under another name.`,
  );
}

/** A patch of these bytes. */
export const patchFile = (name: string, bytes: Buffer): PatchFile => ({
  name,
  bytes,
  sha256: createHash("sha256").update(bytes).digest("hex"),
});
