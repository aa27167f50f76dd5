import { badRequest } from "../errors.ts";
import { base64 } from "./base64.ts";
import { asFilename, isSegment, type Filename } from "./filename.ts";
import type { FileEntry } from "./page.ts";

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

/**
 * Our URL for a file at `upstream`, and the true URL where ours does not say it: http, a query, `//`, or a last segment
 * that is not the filename. Credentials in the URL are dropped: the page travels to clients. Undefined where no segment-wise
 * path can be made (an encoded slash, for one): such a file cannot be asked for, so it is not listed. Nor is one of a host that
 * would make it look like a file that is hosted here.
 */
export function localUrl(upstream: URL, filename: Filename): { url: string; _upstream?: string } | undefined {
  if (upstream.host === HOSTED) return undefined;
  const clean = new URL(upstream);
  clean.username = clean.password = clean.hash = "";
  const segments = clean.pathname.split("/").slice(1);
  const kept = segments.filter((segment) => segment !== "");
  // Two URLs that differ in the query alone must stay two: it travels as a segment of its own.
  if (clean.search) kept.splice(-1, 0, `~${base64url(clean.search)}`);
  if (decodeSegment(kept.at(-1) ?? "") !== filename) kept.push(encodeURIComponent(filename));
  if (kept.some((segment) => decodeSegment(segment) === undefined)) return undefined;
  const path = `${clean.host}/${kept.join("/")}`;
  if (path.length > MAX_PATH_BYTES) return undefined;
  const url = PREFIX + path;
  return `https://${path}` === clean.href ? { url } : { url, _upstream: clean.href };
}

/** The address of a file that is hosted here, as a page's entry has it. */
export const hostedUrl = (sha256: string, filename: Filename) =>
  `${PREFIX}${HOSTED}/${sha256}/${encodeURIComponent(filename)}`;

/** The same entry as it is listed elsewhere; `files` is where its files begin, relative to there, with a final slash. */
export const listedFrom = (entry: FileEntry, files: string): FileEntry => ({
  ...entry,
  url: files + entry.url.slice(PREFIX.length),
});

/** The true URL of a page's entry. */
export function upstreamUrl(entry: FileEntry): URL {
  return new URL(entry._upstream ?? `https://${entry.url.slice(PREFIX.length)}`);
}

/** Whether `entry` is what `ref` asks for, whichever way either spells its escapes. */
export function isListedAs(entry: FileEntry, ref: FileRef): boolean {
  if (!entry.url.startsWith(PREFIX)) return false;
  const [origin, ...segments] = entry.url.slice(PREFIX.length).split("/");
  return origin === ref.origin && segments.map(decodeSegment).join("/") === ref.path;
}

/** Whether `url` is where the upstream itself has `entry`, whichever way either spells its escapes. */
export function isUpstreams(entry: FileEntry, url: URL): boolean {
  const own = upstreamUrl(entry);
  if (own.origin !== url.origin || own.search !== url.search) return false;
  return own.pathname === url.pathname || isSamePath(own.pathname, url.pathname);
}

/** Whether `url` is an address of ours for `entry`, below whatever host and path: one index may have several. */
export function isOurs(entry: FileEntry, url: URL): boolean {
  if (!entry.url.startsWith(PREFIX) || url.search !== "") return false;
  const path = `/files/${entry.url.slice(PREFIX.length)}`;
  const tail = url.pathname.split("/").slice(-(path.split("/").length - 1));
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

const base64url = (text: string) => base64(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
