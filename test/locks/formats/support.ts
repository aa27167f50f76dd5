import { IndexError } from "../../../worker/errors.ts";
import { localUrl } from "../../../worker/pypi/file-url.ts";
import type { Filename } from "../../../worker/pypi/filename.ts";
import type { FileEntry, Hashes } from "../../../worker/pypi/page.ts";
import type { Lock } from "../../../worker/locks/formats/lock.ts";
import { readLock } from "../../../worker/locks/formats/read.ts";

/** A sha256 in hex, another for each digit. */
export const hex = (digit: string) => digit.repeat(64);

export const read = (name: string, text: string): Lock => readLock(name, new TextEncoder().encode(text));

/** What an error says, with its kind; what is thrown otherwise goes on. */
export function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof IndexError) return `${error.kind}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

/** A page's entry for the file at that address of the upstream. */
export function entry(upstream: string, hashes: Hashes = {}): FileEntry {
  const url = new URL(upstream);
  const filename = decodeURIComponent(url.pathname.split("/").at(-1) ?? "") as Filename;
  const local = localUrl(url, filename);
  if (!local) throw new Error(`${upstream} cannot be listed`);
  return { filename, hashes, ...local };
}
