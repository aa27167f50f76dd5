import { mkdir, open, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { isSystemError } from "./system-error.ts";

/** More folders than this are not remembered: they are then looked for again. */
const MAX_KNOWN = 20_000;

/** The folders below a root that exists. Those that are known to exist cost nothing. */
export class Folders {
  readonly #root: string;
  readonly #known = new Map<string, Promise<void>>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Makes a folder and those above it, where there are none.
   *
   * @param synced whether their entries must be on the disk before this resolves; the same for all calls with a folder
   */
  ensure(folder: string, synced: boolean): Promise<void> {
    const known = this.#known.get(folder);
    if (known) return known;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    const made = this.#make(folder, synced);
    this.#known.set(folder, made);
    made.catch(() => this.#known.delete(folder));
    return made;
  }

  /** Looks for a folder and those above it again when they are next wanted. */
  forget(folder: string): void {
    for (let each = folder; each.length > this.#root.length; each = dirname(each)) this.#known.delete(each);
  }

  /** Deletes a folder that is empty, and those above it that are empty then. */
  async prune(folder: string): Promise<void> {
    for (let each = folder; each.length > this.#root.length; each = dirname(each)) {
      this.#known.delete(each);
      try {
        await rmdir(each);
      } catch {
        return;
      }
    }
  }

  async #make(folder: string, synced: boolean): Promise<void> {
    if (folder === this.#root) return;
    const parent = dirname(folder);
    await this.ensure(parent, synced);
    await mkdir(folder).catch((error: unknown) => {
      if (!isSystemError(error, "EEXIST")) throw error;
    });
    // Also where it was there: a process that was killed may have made it and not come to this.
    if (synced) await syncFolder(parent);
  }
}

/** Resolves once the entries of a folder are on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders, and writes their entries by itself.
  if (process.platform === "win32") return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
