import { counted } from "../../pypi/counted.ts";
import { upstreamUrl } from "../../pypi/file-url.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { FileEntry } from "../../pypi/page.ts";
import type { Lock, LockedFile } from "../formats/lock.ts";
import { addressText, HAS_CREDENTIALS, urlParts, type Address } from "./address.ts";
import { filenameOf } from "./file-mapping.ts";
import { rewrite, type MappableLock, type MappedUrl, type Plan } from "./plan.ts";

export interface ListedOptions {
  /** The index that the file is to name. */
  readonly root: Address;
  /** What the file says. */
  readonly lock: Pick<Lock, "packages">;
  /** What that index lists of its projects; a project that is not here, it does not have. */
  readonly listed: ReadonlyMap<ProjectName, readonly FileEntry[]>;
}

/** Where an index has a file of the lock, or why it has not; undefined: the file is not there, and others of its package are. */
type Place = { readonly url: string } | { readonly why: string } | undefined;

/**
 * Maps the URLs in `file` to those of an index that has the same files at addresses of its own, such as one to which they were carried:
 * a file is found by its name and digest on the page of its project, whatever URL the lock has. All indexes become this one. A file
 * that is not there keeps its URL, where others of its package are: a lock names the files of all platforms. All other bytes stay.
 *
 * @throws `unprocessable` naming each file of a package of which none is there, and each that is another one there
 */
export function planListed(file: MappableLock, { root, lock, listed }: ListedOptions): Plan {
  const index = addressText(root);
  const places = placesOf(lock, listed, index);
  let absent = 0;
  const { text, count } = rewrite(file, file.scan(file.text), ({ url, index: own }): MappedUrl => {
    const parts = urlParts(url);
    if (places.has(url)) {
      const place = places.get(url);
      if (place === undefined) absent += 1;
      return place && parts?.credentials ? HAS_CREDENTIALS : place;
    }
    if (!parts || filenameOf(url) || !(url === own || SIMPLE.test(parts.rest))) return undefined;
    return parts.credentials ? HAS_CREDENTIALS : { url: `${index}/simple${url.endsWith("/") ? "/" : ""}` };
  });
  const done = count === 0 ? `no URL in it is one of an index or its files` : `${counted(count, "URL")} mapped`;
  const rest = absent === 0 ? "" : `; ${counted(absent, "file")} that it does not have stay as they are`;
  return { text, summary: `${file.name}: ${done} to those of ${index}${rest}.` };
}

/** Where the Simple API of an index is; devpi's is at `+simple`. */
const SIMPLE = /\/\+?simple\/?$/;

function placesOf({ packages }: ListedOptions["lock"], listed: ListedOptions["listed"], index: string) {
  const places = new Map<string, Place>();
  for (const { name, version, files } of packages) {
    const entries = new Map(listed.get(name)?.map((entry) => [entry.filename, entry]));
    const isNoneThere = files.every(({ filename }) => !entries.has(filename));
    for (const locked of files)
      if (locked.url !== undefined)
        places.set(
          locked.url,
          isNoneThere ? { why: `${index} has no file of ${name} ${version}.` } : placeOf(locked, entries, index),
        );
  }
  return places;
}

function placeOf({ filename, digests }: LockedFile, entries: ReadonlyMap<string, FileEntry>, index: string): Place {
  const entry = entries.get(filename);
  if (!entry) return undefined;
  const both = digests.filter(({ algorithm }) => entry.hashes[algorithm] !== undefined);
  if (both.length === 0) return { why: `the lock has no digest of it that ${index} has, too.` };
  return both.every(({ algorithm, hex }) => entry.hashes[algorithm] === hex)
    ? { url: upstreamUrl(entry).href }
    : { why: `${index} has another file by this name.` };
}
