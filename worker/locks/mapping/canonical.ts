import { isSameServer } from "../formats/addresses.ts";
import { restAfter, HAS_CREDENTIALS, urlParts, addressText, type Address, type UrlParts } from "./address.ts";
import { fileOrigin, toUpstreamFile } from "./file-mapping.ts";
import { rewrite, type MappableLock, type MappedUrl, type Plan } from "./plan.ts";
import { rootsIn, possibleRootsIn } from "./roots.ts";
import type { UrlToken } from "./url-token.ts";
import { mayListFilesAt, ownersIn, upstreamsText, type LockUpstream, type LockUpstreams } from "./upstream.ts";
import { counted } from "../../pypi/counted.ts";

export interface CanonicalOptions {
  /** What pypi-edge mirrors. */
  readonly upstreams: LockUpstreams;
  /** Where pypi-edge was when the files were made; empty: to be found in the files. */
  readonly roots: readonly Address[];
}

export interface CanonicalPlan extends Plan {
  /**
   * An address that may be a pypi-edge's: where it was not said where that is and the file does not prove it, and where nothing in the
   * file is at the addresses that were given.
   */
  readonly suspect: string | undefined;
}

/**
 * Maps pypi-edge's URLs in `file` to the upstreams' own: `{root}/simple` to the index that the package is from, `{root}/files/{host}/{path}`
 * to `https://{host}/{path}` (for the scheme see `toUpstreamFile`). All other bytes stay.
 *
 * @throws `unprocessable` naming each URL of pypi-edge's that has no counterpart
 */
export function planCanonical(file: MappableLock, { roots, upstreams }: CanonicalOptions): CanonicalPlan {
  const tokens = file.scan(file.text);
  // The longest first: another index lies below the default one.
  const ours = (roots.length > 0 ? roots : rootsIn(tokens)).toSorted((a, b) => b.path.length - a.path.length);
  const tailOf = (url: string) => tailBelow(ours, url);
  const ownerOf = ownersIn(tokens, ({ url }) => fileOrigin(tailOf(url) ?? "", upstreams), upstreams);
  const { text, count } = rewrite(file, tokens, (token) => toUpstream(token, tailOf(token.url), upstreams, ownerOf));
  const known = [...ours, ...upstreams.map(({ index }) => index)];
  const suspect = roots.length > 0 && count > 0 ? undefined : possibleRootsIn(tokens, known)[0];
  const done =
    count === 0
      ? "no URL of pypi-edge's is in it; unchanged"
      : `${counted(count, "URL")} mapped to those of ${upstreamsText(upstreams)}`;
  return { text, summary: `${file.name}: ${done}.`, suspect };
}

/** What of `url` follows the first of the addresses that it lies below, by whatever name of their server; undefined where there is none. */
function tailBelow(roots: readonly Address[], url: string): string | undefined {
  const parts = urlParts(url);
  if (!parts) return undefined;
  const tails = roots.map((root) => (isAt(root, parts) ? restAfter(root.path, parts.rest) : undefined));
  return tails.find((each) => each !== undefined);
}

const isAt = (root: Address, { origin }: UrlParts) =>
  root.origin === origin || isSameServer(new URL(root.origin), new URL(origin));

function toUpstream(
  token: UrlToken,
  tail: string | undefined,
  upstreams: LockUpstreams,
  ownerOf: (token: UrlToken) => LockUpstream | undefined,
): MappedUrl {
  if (tail === undefined) return undefined;
  if (urlParts(token.url)?.credentials) return HAS_CREDENTIALS;
  if (tail === "/simple" || tail === "/simple/") {
    const owner = ownerOf(token);
    return owner ? { url: addressText(owner.index) + tail.slice("/simple".length) } : notTold(upstreams);
  }
  if (!tail.startsWith("/files/")) return { why: notOfIndex(token.url, tail) };
  const file = toUpstreamFile(tail, upstreams);
  if (!("url" in file) || token.index === undefined) return file;
  // The package's index would become PyPI, where anyone can take the name of a project that PyPI does not have.
  const owner = ownerOf(token);
  if (!owner) return notTold(upstreams);
  return mayListFilesAt(owner, new URL(file.url).origin) === false
    ? { why: "PyPI has no files there. Name the index that pypi-edge mirrors as the upstream." }
    : file;
}

/** Another index of the same pypi-edge lies below the default one. */
function notOfIndex(url: string, tail: string): string {
  const [, name] = /^\/([^/]+)\/(?:simple\/?$|files\/)/.exec(tail) ?? [];
  if (name === undefined) return "it is neither the address of pypi-edge's index nor of a file there.";
  const other = url.slice(0, url.length - tail.length + name.length + 1);
  return `it is an address of another index there: name that one, with --url ${other} or index=${name}.`;
}

const notTold = (upstreams: LockUpstreams) => ({
  why: `the file does not say which of ${upstreamsText(upstreams)} it is from.`,
});
