import { isLoopback } from "../../pypi/host.ts";
import type { LockedFile } from "./lock.ts";

/** By what a lock can mean an index of ours. */
export interface IndexAddresses {
  /** Its Simple API, and its page of links, as they are reached here, by all names that are known. */
  readonly own: readonly URL[];
  /** Where it has its packages from: roots of Simple APIs or pages of links, and roots of file hosts. */
  readonly upstreams: readonly { readonly url: URL; readonly files: URL }[];
}

/**
 * Of the indexes that a lock names for a package, one that is not the index that is asked, as the lock has it; undefined where
 * each of them is, or it names none.
 */
export type FindForeign = (indexes: readonly string[], files: readonly LockedFile[]) => string | undefined;

/**
 * Tells a lock's packages of this index from those of others, whose names must not reach our upstreams: anybody could have
 * taken such a name there. So what is not known to be this index is another one.
 */
export function foreignTo(addresses: IndexAddresses): FindForeign {
  const hosts = new Set(addresses.upstreams.flatMap(({ url, files }) => [url.host, files.host]));
  const isKnown = (url: URL) =>
    addresses.upstreams.some((upstream) => upstream.url.origin === url.origin && isSamePath(upstream.url, url)) ||
    addresses.own.some((own) => isSameServer(own, url) && isSamePath(own, url));
  // Thousands of packages may have one index, whose text may be megabytes.
  const seen = new Map<string, { readonly url: URL | undefined; readonly known: boolean }>();
  const lookAt = (index: string) => {
    const url = indexUrl(index);
    const looked = { url, known: url !== undefined && isKnown(url) };
    seen.set(index, looked);
    return looked;
  };
  const isOurs = (index: string, files: readonly LockedFile[]) => {
    const { url, known } = seen.get(index) ?? lookAt(index);
    return known || (url !== undefined && files.length > 0 && files.every((file) => provesIndex(url, file, hosts)));
  };
  return (indexes, files) => indexes.find((index) => !isOurs(index, files));
}

/** Without what some clients drop, as they do line ends, or take for a slash. */
const PLAIN = /^https?:\/\/[^\\\s\p{Cc}/?#][^\\\s\p{Cc}]*$/iu;

/** Behind any user and password: the rest of the authority. */
const HOST = /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/i;

/**
 * An index's address out of a lock; undefined for what is none, and for a spelling that clients read in different ways. User
 * and password do not matter: they say who asks, not what.
 */
function indexUrl(text: string): URL | undefined {
  const url = PLAIN.test(text) ? URL.parse(text) : null;
  if (!url || url.search !== "" || url.hash !== "") return undefined;
  const host = HOST.exec(text)?.[1] ?? "";
  // An international name is written in Unicode or as `xn--`. One that turns into plain ASCII was a disguise.
  const isDisguised = host.includes("%") || (/[^!-~]/.test(host) && !url.hostname.includes("xn--"));
  return isDisguised ? undefined : url;
}

/** Whether both are one server: whoever ends TLS in front of us, or names this machine otherwise, leads to the same port. */
function isSameServer(one: URL, other: URL): boolean {
  if (one.host === other.host) return true;
  return (
    isLoopback(one.hostname) && isLoopback(other.hostname) && one.protocol + one.port === other.protocol + other.port
  );
}

/** Whether both paths are one, with or without a final slash, whichever way either spells its escapes. */
function isSamePath(one: URL, other: URL): boolean {
  const [own, others] = [segmentsOf(one), segmentsOf(other)];
  return own !== undefined && own.length === others?.length && own.every((segment, at) => segment === others[at]);
}

/** A path's segments, decoded; undefined where one cannot be, or has a slash in it. */
function segmentsOf({ pathname }: URL): string[] | undefined {
  try {
    const segments = pathname.replace(/\/$/, "").split("/").map(decodeURIComponent);
    return segments.some((segment) => /[/\\]/.test(segment)) ? undefined : segments;
  } catch {
    return undefined;
  }
}

/**
 * Whether a file lies where a pypi-edge with its Simple API at `index` has those of an upstream of ours, under whatever host and
 * path. A file that is hosted there proves nothing: it may be another's own.
 */
function provesIndex(index: URL, file: LockedFile, hosts: ReadonlySet<string>): boolean {
  const url = file.url === undefined ? null : URL.parse(file.url);
  const root = segmentsOf(index);
  const path = url && segmentsOf(url);
  if (url?.origin !== index.origin || !path || root?.pop() !== "simple") return false;
  const [files, host = ""] = path.slice(root.length);
  return root.every((segment, at) => segment === path[at]) && files === "files" && hosts.has(host.toLowerCase());
}
