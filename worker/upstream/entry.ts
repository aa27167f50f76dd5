import { localUrl } from "../pypi/file-url.ts";
import { asFilename } from "../pypi/filename.ts";
import { cleanHashes, type FileEntry } from "../pypi/page.ts";

/** A file as an upstream describes it, in either language. */
export type Described = Omit<
  FileEntry,
  "url" | "_upstream" | "_provenance" | "filename" | "hashes" | "core-metadata"
> & {
  readonly filename: string;
  /** Absolute, or relative to the page. */
  readonly url: string;
  readonly hashes: Readonly<Record<string, unknown>>;
  readonly "core-metadata": true | Readonly<Record<string, unknown>> | undefined;
};

/**
 * A page's entries from what an upstream says. A file is left out where it could not be served: its name is no file name,
 * or its URL is none that may be fetched. Throws an `Error` where that leaves nothing of a page that had files: it would
 * read as a project without releases.
 *
 * @param base what the files' URLs are relative to
 */
export function toEntries(described: readonly Described[], base: URL, mayFetch: (url: URL) => boolean): FileEntry[] {
  const entries = described.map((file) => toEntry(file, base, mayFetch)).filter((entry) => entry !== undefined);
  if (entries.length > 0 || described.length === 0) return entries;
  throw new Error(`none of the ${described.length} files on its page has an address that may be fetched`);
}

function toEntry(described: Described, base: URL, mayFetch: (url: URL) => boolean): FileEntry | undefined {
  const { filename: name, url: text, hashes, "core-metadata": metadata, provenance, ...rest } = described;
  const filename = asFilename(name);
  const url = URL.parse(text, base);
  const local = filename && url && mayFetch(url) ? localUrl(url, filename) : undefined;
  if (!filename || !local) return undefined;
  return {
    filename,
    ...local,
    hashes: cleanHashes(hashes),
    ...rest,
    "core-metadata": metadataOf(metadata),
    provenance: provenance === undefined ? undefined : provenanceAt(new URL(provenance), mayFetch),
  };
}

/** What is advertised must be answered: not what we could not fetch. Credentials in it would travel to clients. */
function provenanceAt(url: URL, mayFetch: (url: URL) => boolean): string | undefined {
  url.username = url.password = "";
  return mayFetch(url) ? url.href : undefined;
}

/** What is advertised with digests that cannot be right is advertised without one. */
function metadataOf(metadata: Described["core-metadata"]): FileEntry["core-metadata"] {
  if (metadata === undefined || metadata === true) return metadata;
  const clean = cleanHashes(metadata);
  return Object.keys(clean).length > 0 ? clean : true;
}
