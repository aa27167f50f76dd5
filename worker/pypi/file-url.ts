import { badRequest } from "../errors.ts";
import { asFilename, isSegment, type Filename } from "./filename.ts";
import { isOtherFile, verifiableDigest, type Digest, type FileEntry } from "./page.ts";

/** The start of every file URL on a stored page: relative, so that one stored page serves every host name and index. */
const PREFIX = "../../files/";

/** The segment in place of a host in the URLs of hosted files. No upstream has this host name. */
export const HOSTED_SEGMENT = "-";

/** PEP 658: the URL of a file's core metadata is the file's URL and this ending. */
const METADATA = ".metadata";

/** R2's keys have at most 1,024 bytes, and ours also contain a prefix and a source's name. */
const MAX_PATH_BYTES = 700;

/** A file that a client requests below `/files/`. Segments are decoded before they are compared, since pip re-quotes `+`. */
export interface FileRef {
  /** Host and port of the upstream URL, lower case. */
  readonly origin: string;
  /** The decoded segments after the origin, joined by `/`. The last is the filename, without `.metadata`. */
  readonly path: string;
  readonly filename: Filename;
  /** The file itself or its core metadata (PEP 658). */
  readonly part: "file" | "metadata";
}

/** The members of an entry that locate its file. */
type Located = Pick<FileEntry, "url" | "_upstream" | "_signed" | "_query">;

/**
 * Our URL for a file at `upstream`, which is of http or https, and the upstream's URL where it cannot be derived from ours: with
 * http, `//`, or a last segment that is not the filename. Credentials and the fragment are dropped. A query is kept apart, since
 * clients see pages, and a query is often a signature, which is a secret and changes from page to page. So two URLs that differ
 * in the query alone get one URL here, unless their filenames differ (see `distinctUrls`).
 *
 * Undefined for a file that cannot be requested here and so is not listed: where a segment of its path cannot be used (an encoded
 * slash, for one), where the path is too long, or where the host is `HOSTED_SEGMENT`.
 */
export function localUrl(upstream: URL, filename: Filename): Located | undefined {
  const { protocol, host, pathname, search } = upstream;
  if (host === HOSTED_SEGMENT) return undefined;
  const below = isPlainPath(pathname, filename) ? pathname.slice(1) : pathBelow(pathname, filename);
  if (below === undefined) return undefined;
  const path = `${host}/${below}`;
  if (path.length > MAX_PATH_BYTES) return undefined;
  // Put together: to take members from a copy of the URL has it written and parsed anew for each.
  const clean = `${protocol}//${host}${pathname}`;
  const located = { url: PREFIX + path, ...(`https://${path}` !== clean && { _upstream: clean }) };
  return search === "" ? located : { ...located, _signed: true, _query: search };
}

/** Whether a URL's path can be used as it is, as most can: it ends in the filename, and each segment is what it decodes to. */
const isPlainPath = (pathname: string, filename: Filename) =>
  !pathname.includes("%") && pathname.endsWith(`/${filename}`) && !/\/(?:\/|\.+(?:\/|$))/.test(pathname);

/** A URL's path without the slashes that separate nothing, ending in the filename; undefined where a segment cannot be used. */
function pathBelow(pathname: string, filename: Filename): string | undefined {
  const kept = pathname.split("/").filter((segment) => segment !== "");
  if (decodeSegment(kept.at(-1) ?? "") !== filename) kept.push(encodeURIComponent(filename));
  return kept.some((segment) => decodeSegment(segment) === undefined) ? undefined : kept.join("/");
}

/**
 * The entries of a page, changed so that no two files at different upstream URLs share one URL of ours. Such files have the same
 * name. Where their digests differ, the second gets a URL that contains its digest. Otherwise they cannot be told apart, and one
 * of them is left out, preferably one without a digest.
 */
export function distinctUrls(entries: readonly FileEntry[]): FileEntry[] {
  const distinct: FileEntry[] = [];
  const places = new Map<string, number>();
  for (const entry of entries) {
    const own = distinct[places.get(entry.url) ?? -1];
    if (!own || upstreamUrl(own).href === upstreamUrl(entry).href) {
      places.set(entry.url, distinct.push(entry) - 1);
      continue;
    }
    const digest = verifiableDigest(entry.hashes);
    const isOther = digest && verifiableDigest(own.hashes) && isOtherFile(own.hashes, entry.hashes);
    const placed = isOther ? moved(entry, digest) : entry;
    const before = places.get(placed.url);
    if (before === undefined) places.set(placed.url, distinct.push(placed) - 1);
    else if (digest && !verifiableDigest(distinct[before]?.hashes ?? {})) distinct[before] = placed;
  }
  return distinct;
}

/** The entry with its digest as an additional segment of its URL. */
function moved(entry: FileEntry, { hex }: Digest): FileEntry {
  const url = entry.url
    .split("/")
    .toSpliced(-1, 0, `~${hex.slice(0, 16)}`)
    .join("/");
  return { ...entry, url, _upstream: pathUrl(entry).href };
}

/** The URL of a hosted file, as in a page's entry. */
export const hostedUrl = (sha256: string, filename: Filename) =>
  `${PREFIX}${HOSTED_SEGMENT}/${sha256}/${encodeURIComponent(filename)}`;

/** Whether an entry is a hosted file's. */
export const isHostedEntry = ({ url }: Pick<FileEntry, "url">) => url.startsWith(`${PREFIX}${HOSTED_SEGMENT}/`);

/** The entry for a page at another path; `files` is the relative URL of `/files/` from there, with a final slash. */
export const listedFrom = (entry: FileEntry, files: string): FileEntry => ({
  ...entry,
  url: files + entry.url.slice(PREFIX.length),
});

/** The upstream's URL of an entry's file; with its query only where the entry has `_query`, which stored pages do not. */
export function upstreamUrl(entry: FileEntry): URL {
  const url = pathUrl(entry);
  url.search = entry._query ?? "";
  return url;
}

const pathUrl = (entry: FileEntry) => new URL(entry._upstream ?? `https://${entry.url.slice(PREFIX.length)}`);

/** An entry's address on its page as an absolute URL, of which `localUrl` makes that address again; a hosted file's has no host. */
export const addressUrl = (entry: FileEntry): string => `https://${entry.url.slice(PREFIX.length)}`;

/** The name of an entry's file in the store: its URL, decoded, so that the spelling of escapes does not matter. */
export const addressOf = (entry: FileEntry): string =>
  entry.url.slice(PREFIX.length).split("/").map(decodeSegment).join("/");

/** The URL of an entry whose file `ref` requests. */
export const urlOfRef = ({ origin, path }: Pick<FileRef, "origin" | "path">) =>
  `${PREFIX}${origin}/${path.split("/").map(encodeURIComponent).join("/")}`;

/** Whether `ref` requests the file of `entry`; the spelling of escapes does not matter. */
export function isListedAs(entry: FileEntry, ref: FileRef): boolean {
  if (!entry.url.startsWith(PREFIX)) return false;
  const [origin, ...segments] = entry.url.slice(PREFIX.length).split("/");
  return origin === ref.origin && segments.map(decodeSegment).join("/") === ref.path;
}

/**
 * Whether `url` is the upstream's URL of the file of `entry`; the spelling of escapes does not matter. Where the entry's own query
 * is not known, any query matches: it may be another signature.
 */
export function isUpstreamUrl(entry: FileEntry, url: URL): boolean {
  const own = upstreamUrl(entry);
  const isUnknown = entry._signed && entry._query === undefined;
  if (own.origin !== url.origin || (!isUnknown && own.search !== url.search)) return false;
  return own.pathname === url.pathname || isSamePath(own.pathname, url.pathname);
}

/** Whether `url` is one of our URLs for `entry`. Any host and leading path match, since an index may have several. */
export function isOwnUrl(entry: FileEntry, url: URL): boolean {
  if (!entry.url.startsWith(PREFIX) || url.search !== "") return false;
  const path = `/files/${entry.url.slice(PREFIX.length)}`;
  const segments = url.pathname.split("/").filter((segment) => !isQuerySegment(segment));
  const tail = segments.slice(-(path.split("/").length - 1));
  return isSamePath(path, `/${tail.join("/")}`);
}

function isSamePath(one: string, other: string): boolean {
  const [own, others] = [one, other].map((path) => path.split("/").slice(1).map(decodeSegment));
  return own?.length === others?.length && !!own?.every((segment, nth) => segment && segment === others?.[nth]);
}

/**
 * Reads the part of a request's path after `/files/`, still escaped. Throws `bad-request` where it is not a file's address: it has
 * a segment that decodes to a slash, a NUL or `..`, a broken escape, no origin, or no filename.
 */
export function parseFileRef(escaped: string): FileRef {
  const [host = "", ...rest] = escaped.split("/");
  const origin = decodeSegment(host)?.toLowerCase();
  const segments = rest.map(decodeSegment);
  if (!origin || !isHost(origin) || segments.length === 0 || segments.some((segment) => !segment)) {
    throw badRequest(
      "This is not a file's address: /files/{host}/{path} is expected. No segment may be empty, consist of dots only, or contain an encoded slash.",
    );
  }
  const last = segments.pop() ?? "";
  const part = last.endsWith(METADATA) ? "metadata" : "file";
  const filename = asFilename(part === "metadata" ? last.slice(0, -METADATA.length) : last);
  if (!filename) throw badRequest("This is not a file's address: its last segment is not a file name.");
  if (new TextEncoder().encode(escaped).length > MAX_PATH_BYTES) {
    throw badRequest(`This file's address is too long: at most ${MAX_PATH_BYTES} bytes after /files/.`);
  }
  return { origin, path: [...segments, filename].join("/"), filename, part };
}

/**
 * The reference without the segment in which earlier versions wrote an upstream URL's query, as `~` and base64url. Lock files still
 * contain such addresses.
 */
export function withoutQuerySegment(ref: FileRef): FileRef {
  const segments = ref.path.split("/");
  const at = segments.findLastIndex((segment, nth) => nth >= segments.length - 3 && isQuerySegment(segment));
  return at === -1 ? ref : { ...ref, path: segments.toSpliced(at, 1).join("/") };
}

/** Whether a segment is `~` and the base64url of a query with a value. A folder's name is unlikely to decode to that. */
function isQuerySegment(segment: string): boolean {
  const [, text] = /^~(P[\w-]{1,1000})$/.exec(segment) ?? [];
  if (text === undefined || text.length % 4 === 1) return false;
  const query = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return query.includes("=") && /^\?[\x21-\x7e]+$/.test(query);
}

/** The reference that requests the file of a page's entry, or its core metadata. */
export const refOf = (entry: FileEntry, part: FileRef["part"]): FileRef => ({
  ...parseFileRef(entry.url.slice(PREFIX.length)),
  part,
});

/** The reference to an upstream's file at `{origin}/{path}`, already decoded; undefined where that is not a file's address. */
export function asFileRef(address: string, part: FileRef["part"]): FileRef | undefined {
  const [origin = "", ...segments] = address.split("/");
  const filename = asFilename(segments.at(-1) ?? "");
  if (!filename || origin === HOSTED_SEGMENT || !isHost(origin) || !segments.every(isSegment)) return undefined;
  return { origin, path: segments.join("/"), filename, part };
}

/** One segment, decoded once; undefined where an escape is broken or the result is not one safe segment. */
function decodeSegment(segment: string): string | undefined {
  try {
    const decoded = segment.includes("%") ? decodeURIComponent(segment) : segment;
    return isSegment(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

const isHost = (origin: string) => URL.canParse(`https://${origin}/`) && new URL(`https://${origin}/`).host === origin;

/** A file's name in short-lived marks and in log lines. */
export const fileLabel = ({ origin, path, part }: FileRef) =>
  `${origin}/${path}${part === "metadata" ? ".metadata" : ""}`;
