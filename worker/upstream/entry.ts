import { distinctUrls, localUrl } from "../pypi/file-url.ts";
import { asFilename } from "../pypi/filename.ts";
import { cleanHashes, DIGESTS, type FileEntry, type ProjectStatus } from "../pypi/page.ts";
import { printable } from "../pypi/text.ts";
import { uploadTime } from "../pypi/upload-time.ts";
import { giveWay } from "../repository/give-way.ts";

/** So many entries together take some milliseconds of work that is not divided. */
const SLOW_TOGETHER = 2_000;

/** Names of algorithms, each with the value that should be a hex digest. */
type Digests = readonly (readonly [algorithm: string, hex: unknown])[];

/** A file as an upstream describes it, in JSON or HTML. Times and addresses are as it wrote them. */
export interface DescribedFile {
  readonly filename: string;
  /** Absolute, or relative to the page. Its fragment may have digests (PEP 503). */
  readonly url: string;
  /** The digests that are not in the URL's fragment. */
  readonly hashes: Digests;
  readonly "requires-python": string | undefined;
  readonly size?: number | undefined;
  readonly "upload-time"?: string | undefined;
  readonly yanked: boolean | string | undefined;
  readonly "core-metadata": true | Digests | undefined;
  /** Absolute. */
  readonly provenance: string | undefined;
}

/**
 * A page's entries from an upstream's descriptions. A file that could not be served is left out: its name is not a valid file
 * name, its URL may not be fetched, or its digest is malformed. Throws an `Error` where a page had files and all are left out:
 * the project would look like one without releases.
 *
 * @param described in batches, between which other requests can run; undefined stands for a file that cannot be parsed
 * @param base what the files' URLs are relative to
 */
export async function toEntries(
  described: Iterable<readonly (DescribedFile | undefined)[]>,
  base: URL,
  mayFetch: (url: URL) => boolean,
): Promise<FileEntry[]> {
  const entries: FileEntry[] = [];
  let count = 0;
  for (const batch of described) {
    if (count > 0) await giveWay();
    count += batch.length;
    for (const file of batch) {
      const entry = file && toEntry(file, base, mayFetch);
      if (entry) entries.push(entry);
    }
  }
  if (entries.length > SLOW_TOGETHER) await giveWay();
  if (entries.length > 0 || count === 0) return distinctUrls(entries);
  throw new Error(
    `none of the ${count} files on its page can be served: each has an invalid name, a malformed digest or an address that may not be fetched`,
  );
}

function toEntry(described: DescribedFile, base: URL, mayFetch: (url: URL) => boolean): FileEntry | undefined {
  const filename = asFilename(described.filename);
  const url = URL.parse(described.url, base);
  if (!filename || !url || !mayFetch(url)) return undefined;
  const local = localUrl(url, filename);
  if (!local) return undefined;
  const fragment = url.hash;
  const hashes = cleanHashes(
    fragment === "" ? described.hashes : [...described.hashes, ...digestsIn(fragment.slice(1))],
  );
  if (!hashes) return undefined;
  const { "requires-python": requires, "upload-time": uploaded, yanked, provenance } = described;
  // Members in the order of lines on pages, and all of them: entries of one shape are quick to make and to write.
  return {
    filename,
    url: local.url,
    _upstream: local._upstream,
    _signed: local._signed,
    _query: local._query,
    hashes,
    "requires-python": requires === undefined ? undefined : printable(requires),
    size: described.size,
    "upload-time": uploaded === undefined ? undefined : uploadTime(uploaded),
    // PEP 592: a yanked file need not have a reason. pip would read an empty reason in JSON as "not yanked".
    yanked: typeof yanked === "string" ? printable(yanked) || true : yanked,
    "core-metadata": metadataOf(described["core-metadata"]),
    provenance: provenance === undefined ? undefined : provenanceAt(provenance, mayFetch),
  };
}

/**
 * The digests in a URL's fragment, or in an attribute of PEP 658: parts such as `sha256=…`, in any order and among other parts.
 */
export function digestsIn(text: string): Digests {
  return text
    .split("&")
    .map((part): [string, string] => {
      const [key = ""] = part.split("=", 1);
      return [key.toLowerCase(), part.slice(key.length + 1)];
    })
    .filter(([name]) => DIGESTS.some((known) => known === name) || HANDED_ON.test(name));
}

/** Algorithms whose digests are not verified here; they are passed on, since a client may verify them. */
const HANDED_ON = /^(?:blake2[bs]|sha3_\d{3})$/;

/** The project's status (PEP 792); undefined where the upstream gives none, or nothing printable. */
export function statusFrom(status: string | undefined, reason: string | undefined): ProjectStatus | undefined {
  const said = printable(status ?? "");
  return said === "" ? undefined : { status: said, reason: reason === undefined ? undefined : printable(reason) };
}

/**
 * The provenance URL, without credentials, which clients would see. Undefined where it may not be fetched: a page must not
 * advertise what pypi-edge cannot answer.
 */
function provenanceAt(text: string, mayFetch: (url: URL) => boolean): string | undefined {
  const url = URL.parse(text);
  if (!url) return undefined;
  url.username = url.password = url.hash = "";
  return mayFetch(url) ? url.href : undefined;
}

/** Core metadata with a malformed digest is not advertised: it would be served unverified. */
function metadataOf(metadata: DescribedFile["core-metadata"]): FileEntry["core-metadata"] {
  if (metadata === undefined || metadata === true) return metadata;
  const clean = cleanHashes(metadata);
  return clean && Object.keys(clean).length === 0 ? true : clean;
}
