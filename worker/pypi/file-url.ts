import { badRequest } from "../errors.ts";
import { asFilename, isSegment, type Filename } from "./filename.ts";
import { isOtherFile, verifiableDigest, type Digest, type FileEntry } from "./page.ts";

/** Where every file URL of a stored page begins: relative, so that one page serves every host name and index. */
const PREFIX = "../../files/";

/** Stands where a host does in the addresses of files that are hosted here. No upstream has it. */
export const HOSTED = "-";

/** PEP 658: a file's core metadata lies beside it under this ending. */
const METADATA = ".metadata";

/** R2's keys end at 1,024 bytes, and ours begin with a prefix and a source's name. */
const MAX_PATH_BYTES = 700;

/** What a client asked for below `/files/`. `path` is decoded: segments are compared decoded, since pip re-quotes `+`. */
export interface FileRef {
  /** Host and port of the upstream URL, lower case. */
  readonly origin: string;
  /** The decoded segments behind the origin, the filename last, joined by `/`; without `.metadata`. */
  readonly path: string;
  readonly filename: Filename;
  /** The file itself or its PEP 658 sibling. */
  readonly part: "file" | "metadata";
}

/** What an entry says of where its file is. */
type Located = Pick<FileEntry, "url" | "_upstream" | "_signed" | "_query">;

/**
 * Our URL for a file at `upstream`, and the true URL where ours does not say it: http, `//`, or a last segment that is not the
 * filename. Credentials and the fragment are dropped, and a query is kept apart: pages travel to clients, and a query is often a
 * signature, which is a secret and another one on each page. So two URLs that differ in the query alone are one here, unless
 * their filenames differ (see `distinctUrls`). Undefined where no segment-wise path can be made (an encoded slash, for one): such
 * a file cannot be asked for, so it is not listed. Nor is one of a host that would make it look like a file that is hosted here.
 */
export function localUrl(upstream: URL, filename: Filename): Located | undefined {
  if (upstream.host === HOSTED) return undefined;
  const clean = new URL(upstream);
  clean.username = clean.password = clean.hash = clean.search = "";
  const segments = clean.pathname.split("/").slice(1);
  const kept = segments.filter((segment) => segment !== "");
  if (decodeSegment(kept.at(-1) ?? "") !== filename) kept.push(encodeURIComponent(filename));
  if (kept.some((segment) => decodeSegment(segment) === undefined)) return undefined;
  const path = `${clean.host}/${kept.join("/")}`;
  if (path.length > MAX_PATH_BYTES) return undefined;
  const located = {
    url: PREFIX + path,
    ...(`https://${path}` !== clean.href && { _upstream: clean.href }),
  };
  return upstream.search === "" ? located : { ...located, _signed: true, _query: upstream.search };
}

/**
 * The entries of a page, no two of which share a URL of ours while the upstream has them at two. Those that do have one name: where
 * their digests differ, the second is moved to a URL that has its digest in it. Else nothing tells them apart: one is left out,
 * rather one without a digest.
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

/** The entry at a URL that its digest is a segment of. */
function moved(entry: FileEntry, { hex }: Digest): FileEntry {
  const url = entry.url
    .split("/")
    .toSpliced(-1, 0, `~${hex.slice(0, 16)}`)
    .join("/");
  return { ...entry, url, _upstream: pathUrl(entry).href };
}

/** The address of a file that is hosted here, as a page's entry has it. */
export const hostedUrl = (sha256: string, filename: Filename) =>
  `${PREFIX}${HOSTED}/${sha256}/${encodeURIComponent(filename)}`;

/** The same entry as it is listed elsewhere; `files` is where its files begin, relative to there, with a final slash. */
export const listedFrom = (entry: FileEntry, files: string): FileEntry => ({
  ...entry,
  url: files + entry.url.slice(PREFIX.length),
});

/** The true URL of a page's entry, without a query that the entry does not have with it. */
export function upstreamUrl(entry: FileEntry): URL {
  const url = pathUrl(entry);
  url.search = entry._query ?? "";
  return url;
}

const pathUrl = (entry: FileEntry) => new URL(entry._upstream ?? `https://${entry.url.slice(PREFIX.length)}`);

/** What names an entry's file in the store: its URL, however its escapes are spelled. */
export const addressOf = (entry: FileEntry): string =>
  entry.url.slice(PREFIX.length).split("/").map(decodeSegment).join("/");

/** Whether `entry` is what `ref` asks for, whichever way either spells its escapes. */
export function isListedAs(entry: FileEntry, ref: FileRef): boolean {
  if (!entry.url.startsWith(PREFIX)) return false;
  const [origin, ...segments] = entry.url.slice(PREFIX.length).split("/");
  return origin === ref.origin && segments.map(decodeSegment).join("/") === ref.path;
}

/**
 * Whether `url` is where the upstream itself has `entry`, whichever way either spells its escapes. A query is not held against
 * one that the entry does not tell: it may be another signature.
 */
export function isUpstreams(entry: FileEntry, url: URL): boolean {
  const own = upstreamUrl(entry);
  const isUnknown = entry._signed && entry._query === undefined;
  if (own.origin !== url.origin || (!isUnknown && own.search !== url.search)) return false;
  return own.pathname === url.pathname || isSamePath(own.pathname, url.pathname);
}

/** Whether `url` is an address of ours for `entry`, below whatever host and path: one index may have several. */
export function isOurs(entry: FileEntry, url: URL): boolean {
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
 * Reads what follows `/files/` in a request's path, still escaped. Throws `bad-request` for what is no file reference:
 * a segment that decodes to a slash, a NUL or `..`, a broken escape, no origin, no filename.
 */
export function parseFileRef(escaped: string): FileRef {
  const [host = "", ...rest] = escaped.split("/");
  const origin = decodeSegment(host)?.toLowerCase();
  const segments = rest.map(decodeSegment);
  if (!origin || !isHost(origin) || segments.length === 0 || segments.some((segment) => !segment)) {
    throw badRequest(
      "This is not a file's address: /files/{host}/{path} is expected, without empty, dotted or encoded-slash segments.",
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
 * The reference without the segment that earlier versions wrote an upstream URL's query into, as `~` and base64url: lock files
 * still have such addresses.
 */
export function withoutQuerySegment(ref: FileRef): FileRef {
  const segments = ref.path.split("/");
  const at = segments.findLastIndex((segment, nth) => nth >= segments.length - 3 && isQuerySegment(segment));
  return at === -1 ? ref : { ...ref, path: segments.toSpliced(at, 1).join("/") };
}

/** Whether a segment is `~` and the base64url of a query with a value in it: what that decodes to, a folder's name hardly does. */
function isQuerySegment(segment: string): boolean {
  const [, text] = /^~(P[\w-]{1,1000})$/.exec(segment) ?? [];
  if (text === undefined || text.length % 4 === 1) return false;
  const query = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return query.includes("=") && /^\?[\x21-\x7e]+$/.test(query);
}

/** What is to be asked for to get the file of a page's entry, or its metadata. */
export const refOf = (entry: FileEntry, part: FileRef["part"]): FileRef => ({
  ...parseFileRef(entry.url.slice(PREFIX.length)),
  part,
});

/** The reference to an upstream's file at `{origin}/{path}`, decoded, as a `FileRef` has it; undefined where that names none. */
export function asFileRef(address: string, part: FileRef["part"]): FileRef | undefined {
  const [origin = "", ...segments] = address.split("/");
  const filename = asFilename(segments.at(-1) ?? "");
  if (!filename || origin === HOSTED || !isHost(origin) || !segments.every(isSegment)) return undefined;
  return { origin, path: segments.join("/"), filename, part };
}

/** One segment decoded once; undefined where it is broken or decodes to more, or to other, than one segment. */
function decodeSegment(segment: string): string | undefined {
  try {
    const decoded = decodeURIComponent(segment);
    return isSegment(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

const isHost = (origin: string) => URL.canParse(`https://${origin}/`) && new URL(`https://${origin}/`).host === origin;

/** What to call a file in marks and reports. */
export const nameOf = ({ origin, path, part }: FileRef) => `${origin}/${path}${part === "metadata" ? ".metadata" : ""}`;
