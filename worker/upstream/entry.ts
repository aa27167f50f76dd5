import { localUrl } from "../pypi/file-url.ts";
import { asFilename } from "../pypi/filename.ts";
import type { FileEntry, Hashes } from "../pypi/page.ts";

/** A file as an upstream describes it, in either language. */
export type Described = Omit<FileEntry, "url" | "_upstream" | "filename"> & {
  readonly filename: string;
  /** Absolute, or relative to the page. */
  readonly url: string;
};

/**
 * A page's entry from what an upstream says, or undefined where the file could not be served: its name is no file name, or
 * its URL is none that may be fetched.
 */
export function toEntry(described: Described, base: URL, mayFetch: (url: URL) => boolean): FileEntry | undefined {
  const filename = asFilename(described.filename);
  const url = URL.parse(described.url, base);
  const local = filename && url && mayFetch(url) ? localUrl(url, filename) : undefined;
  return filename && local && { ...described, filename, ...local, hashes: lowerCase(described.hashes) };
}

/** Hex digests are compared as text. */
function lowerCase(hashes: Hashes): Hashes {
  return Object.fromEntries(Object.entries(hashes).map(([algorithm, hex]) => [algorithm, hex.toLowerCase()]));
}
