import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { keep, kept, variable } from "./runner.ts";

/** A lock file as the job found it, and with its URLs mapped. */
export interface KeptLock {
  readonly path: string;
  readonly original: Uint8Array<ArrayBuffer>;
  readonly local: Uint8Array<ArrayBuffer>;
}

/** Keeps lock files for the end of the job. */
export function keepLocks(locks: readonly KeptLock[]): void {
  const folder = mkdtempSync(join(variable("RUNNER_TEMP") || tmpdir(), "pypi-edge-"));
  const paths = locks.map(({ path, original, local }, at) => {
    writeFileSync(join(folder, `${at}.original`), original);
    writeFileSync(join(folder, `${at}.local`), local);
    return resolve(path);
  });
  keep("locks", JSON.stringify({ folder, paths }));
}

/** The lock files that were kept when the job began. */
export function keptLocks(): KeptLock[] {
  const text = kept("locks");
  if (text === "") return [];
  const { folder, paths } = JSON.parse(text) as { readonly folder: string; readonly paths: readonly string[] };
  return paths.map((path, at) => ({
    path,
    original: new Uint8Array(readFileSync(join(folder, `${at}.original`))),
    local: new Uint8Array(readFileSync(join(folder, `${at}.local`))),
  }));
}

/** A file's bytes; throws with a sentence where it cannot be read. */
export function lockBytes(path: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      code === "ENOENT"
        ? `${path}: there is no such file. Check the code out before this step, or correct the input lock.`
        : `${path} cannot be read (${code}).`,
      { cause: error },
    );
  }
}
