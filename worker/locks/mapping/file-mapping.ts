import { base64url } from "../../pypi/encode.ts";
import { asFilename, isDistribution, type Filename } from "../../pypi/filename.ts";
import { localUrl, parseFileRef } from "../../pypi/file-url.ts";
import { isPrivate } from "../../pypi/host.ts";
import { messageOf } from "../../errors.ts";
import { HAS_CREDENTIALS, urlParts, addressText, type Address } from "./address.ts";
import type { MappedUrl } from "./plan.ts";
import type { LockUpstreams } from "./upstream.ts";

type Result = NonNullable<MappedUrl>;

/** How pages write our file URLs; see worker/pypi/file-url.ts. */
const ON_PAGES = "../../files/";
const FILES = "/files/";

/**
 * The upstream's URL of one of our files; `tail` is what follows pypi-edge's root, from `/files/` on, as the lock file has it.
 * Path and fragment stay as they are spelled; the host is decoded, since pip writes its colon as `%3A`.
 *
 * Our URL does not carry the scheme. It is taken for that of the upstream on the same host, for http on other loopback and
 * private hosts, where upstreams have no certificates in practice, and else for https. An upstream elsewhere that serves
 * plain http, doubles slashes, or whose links do not end in the filename cannot be told from its URL here: only the page
 * has the true one.
 *
 * Answers with a reason for a URL that the pages of no upstream have given this form.
 */
export function toUpstreamFile(tail: string, upstreams: LockUpstreams): Result {
  const [path = "", ...fragment] = tail.slice(FILES.length).split(/(?=#)/);
  if (path.includes("?")) return { why: "pypi-edge's file URLs have no query." };
  const [host = "", ...segments] = path.split("/");
  if (host === "-") return { why: "it is pypi-edge's own file: no upstream has it." };
  const ref = refOf(path);
  if (typeof ref === "string") return { why: ref };
  const { filename, origin } = ref;
  // Further from the end, the filename was put behind a link that has another last segment: no client could use that link.
  if (queryIn(segments.at(-3))) return { why: "the upstream's URL does not end in the filename." };
  const query = queryIn(segments.at(-2));
  const kept = query ? segments.toSpliced(-2, 1) : segments;
  const url = `${schemeOf(origin, upstreams)}//${origin}/${kept.join("/")}${query}`;
  if (localUrl(new URL(url), filename)?.url !== `${ON_PAGES}${origin}/${kept.join("/")}`) {
    return { why: "the upstream's URL does not follow from it." };
  }
  return { url: url + fragment.join("") };
}

/**
 * Our URL, at the pypi-edge `root`, of a file of the upstream's. Answers with a reason where `toUpstreamFile` would not lead
 * back to the same URL.
 */
export function toLocalFile(url: string, root: Address, upstreams: LockUpstreams): Result {
  if (urlParts(url)?.credentials) return HAS_CREDENTIALS;
  const [bare = "", ...fragment] = url.split(/(?=#)/);
  const filename = filenameOf(bare);
  const onPages = filename && localUrl(new URL(bare), filename)?.url;
  if (!onPages) return { why: "pypi-edge has no URL for it." };
  const tail = FILES + withQuery(onPages.slice(ON_PAGES.length), new URL(bare).search) + fragment.join("");
  const back = toUpstreamFile(tail, upstreams);
  if (!("url" in back) || back.url !== url)
    return { why: "it could not be mapped back: the scheme or a slash would be lost." };
  return { url: addressText(root) + tail };
}

/** The origin at the upstream of one of our files; `tail` is what follows pypi-edge's root. Undefined where it is none. */
export function fileOrigin(tail: string, upstreams: LockUpstreams): string | undefined {
  const host = /^\/files\/([^/]+)\/./.exec(tail)?.[1]?.replace(/%3A/i, ":");
  const origin = host === undefined ? undefined : URL.parse(`https://${host}/`)?.host;
  return origin && `${schemeOf(origin, upstreams)}//${origin}`;
}

/** The name of the distribution file that a URL leads to; undefined where its last segment is none. */
export function filenameOf(url: string): Filename | undefined {
  const last = URL.parse(url)?.pathname.split("/").at(-1) ?? "";
  try {
    const filename = asFilename(decodeURIComponent(last));
    return filename && isDistribution(filename) ? filename : undefined;
  } catch {
    return undefined;
  }
}

function refOf(path: string): { origin: string; filename: Filename } | string {
  try {
    const ref = parseFileRef(path);
    return ref.part === "file" ? ref : "it is a metadata file's, not a distribution's.";
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * The path with the upstream URL's query as a segment before the last: pages never carry it, and pypi-edge passes over it, but
 * without it nothing would lead back.
 */
function withQuery(path: string, query: string): string {
  if (query === "") return path;
  const segments = path.split("/");
  return segments.toSpliced(-1, 0, `~${base64url(new TextEncoder().encode(query))}`).join("/");
}

/** The query that a segment carries for the upstream's URL; empty for any other, a path's own `~name` among them. */
function queryIn(segment = ""): string {
  const text = /^~[\w-]+$/.test(segment) ? decodedBase64url(segment.slice(1)) : "";
  return text.startsWith("?") ? text : "";
}

function decodedBase64url(text: string): string {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
    return new TextDecoder().decode(bytes);
  } catch {
    return "";
  }
}

function schemeOf(host: string, upstreams: LockUpstreams): string {
  const own = upstreams.map(({ index }) => new URL(index.origin)).find((each) => each.host === host);
  if (own) return own.protocol;
  return isPrivate(new URL(`https://${host}/`).hostname) ? "http:" : "https:";
}
