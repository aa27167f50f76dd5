import { isLoopback } from "../../pypi/host.ts";
import type { LockedFile } from "./lock.ts";

/** The addresses by which a lock can name an index of ours. */
export interface IndexAddresses {
  /** Our URLs of its Simple API and its page of links, with all known host names. */
  readonly own: readonly URL[];
  /** Its upstreams: their Simple API roots or pages of links, and the roots of their file hosts. */
  readonly upstreams: readonly { readonly url: URL; readonly files: URL }[];
}

/**
 * Finds, among the indexes that a lock names for a package, one that is not the index in use, spelled as in the lock; undefined where
 * all of them are that index, or the lock names none.
 */
export type FindForeign = (indexes: readonly string[], files: readonly LockedFile[]) => string | undefined;

/**
 * Tells a lock's packages from this index apart from those of other indexes. Names of the latter must not reach our upstreams, where
 * an attacker may have registered them (dependency confusion). So every address that is not known to be this index counts as another.
 */
export function foreignTo(addresses: IndexAddresses): FindForeign {
  const hosts = new Set(addresses.upstreams.flatMap(({ url, files }) => [url.host, files.host]));
  const isKnown = (url: URL) =>
    addresses.upstreams.some((upstream) => upstream.url.origin === url.origin && isSamePath(upstream.url, url)) ||
    addresses.own.some((own) => isSameServer(own, url) && isSamePath(own, url));
  // Cached, since thousands of packages may name one index, in a text of megabytes.
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

/** A URL without characters that some clients drop (such as line ends) or read as a slash. */
const PLAIN = /^https?:\/\/[^\\\s\p{Cc}/?#][^\\\s\p{Cc}]*$/iu;

/** Captures the host and port, after any user and password. */
const HOST = /^https?:\/\/(?:[^/?#]*@)?([^/?#]*)/i;

/**
 * An index's URL in a lock; undefined where the text is not a URL, or is one that clients read in different ways. User and password
 * are ignored: they do not identify the index.
 */
function indexUrl(text: string): URL | undefined {
  const url = PLAIN.test(text) ? URL.parse(text) : null;
  if (!url || url.search !== "" || url.hash !== "") return undefined;
  const host = HOST.exec(text)?.[1] ?? "";
  // A Unicode name becomes `xn--…`. One that becomes plain ASCII only imitated another name.
  const isDisguised = host.includes("%") || (/[^!-~]/.test(host) && !url.hostname.includes("xn--"));
  return isDisguised ? undefined : url;
}

/** Whether both are one server: the host and port are the same (TLS may end in front of us), or both are this machine at one port. */
export function isSameServer(one: URL, other: URL): boolean {
  if (one.host === other.host) return true;
  return (
    isLoopback(one.hostname) && isLoopback(other.hostname) && one.protocol + one.port === other.protocol + other.port
  );
}

/** Whether both paths are the same; a final slash and the spelling of escapes do not matter. */
function isSamePath(one: URL, other: URL): boolean {
  const [own, others] = [segmentsOf(one), segmentsOf(other)];
  return own !== undefined && own.length === others?.length && own.every((segment, at) => segment === others[at]);
}

/** A path's decoded segments; undefined where one cannot be decoded or contains a slash. */
function segmentsOf({ pathname }: URL): string[] | undefined {
  try {
    const segments = pathname.replace(/\/$/, "").split("/").map(decodeURIComponent);
    return segments.some((segment) => /[/\\]/.test(segment)) ? undefined : segments;
  } catch {
    return undefined;
  }
}

/**
 * Whether a file's URL is one that a pypi-edge with its Simple API at `index` gives to files of one of our upstreams. Any host and
 * leading path match. A hosted file's URL proves nothing: another pypi-edge may host it.
 */
function provesIndex(index: URL, file: LockedFile, hosts: ReadonlySet<string>): boolean {
  const url = file.url === undefined ? null : URL.parse(file.url);
  const root = segmentsOf(index);
  const path = url && segmentsOf(url);
  if (url?.origin !== index.origin || !path || root?.pop() !== "simple") return false;
  const [files, host = ""] = path.slice(root.length);
  return root.every((segment, at) => segment === path[at]) && files === "files" && hosts.has(host.toLowerCase());
}
