import { CommandError } from "../lib/command-error.ts";
import { restBelow, HAS_CREDENTIALS, urlParts, addressText, type Address } from "./address.ts";
import type { LockFile } from "./file.ts";
import { toUpstreamFile } from "./file-mapping.ts";
import { urlCount, rewrite, type MappedUrl, type Plan } from "./plan.ts";
import { rootsIn, possibleRootsIn } from "./roots.ts";
import type { UrlToken } from "./url-token.ts";
import { mayListFilesAt } from "./upstream.ts";

export interface CanonicalOptions {
  /** The Simple API root that pypi-edge mirrors. */
  readonly upstream: Address;
  /** Where pypi-edge was when the files were made; empty: to be found in the files. */
  readonly roots: readonly Address[];
}

/**
 * Maps pypi-edge's URLs in `file` to the upstream's own: `{root}/simple` to the upstream's index, `{root}/files/{host}/{path}`
 * to `https://{host}/{path}` (for the scheme see `upstreamFile`). All other bytes stay.
 *
 * @throws CommandError naming each URL of pypi-edge's that has no counterpart, or the address that may be pypi-edge's where
 *   neither the file nor the caller says so
 */
export function planCanonical(file: LockFile, { roots, upstream }: CanonicalOptions): Plan {
  const tokens = file.scan(file.text);
  // The longest first: another index lies below the default one.
  const ours = (roots.length > 0 ? roots : rootsIn(tokens)).toSorted((a, b) => b.path.length - a.path.length);
  const { text, count } = rewrite(file, tokens, (token) => toUpstream(token, ours, upstream));
  const suspect = roots.length > 0 ? undefined : possibleRootsIn(tokens, [...ours, upstream])[0];
  if (suspect !== undefined) {
    throw new CommandError(
      `${file.name}: ${suspect} may be the address of a pypi-edge server, but nothing in the file proves it. If it is one, run the command again with --url ${suspect}, and with --upstream where its upstream is not PyPI. If it is not, give the address of your pypi-edge server with --url.`,
    );
  }
  const done =
    count === 0
      ? "no URL of pypi-edge's is in it; unchanged"
      : `${urlCount(count)} mapped to those of ${addressText(upstream)}`;
  return { file, text, summary: `${file.name}: ${done}.` };
}

function toUpstream({ url, index }: UrlToken, roots: readonly Address[], upstream: Address): MappedUrl {
  const parts = urlParts(url);
  const tail = parts && roots.map((root) => restBelow(root, parts)).find((each) => each !== undefined);
  if (tail === undefined) return undefined;
  if (parts?.credentials) return HAS_CREDENTIALS;
  if (tail === "/simple" || tail === "/simple/") return { url: addressText(upstream) + tail.slice("/simple".length) };
  if (!tail.startsWith("/files/")) {
    return {
      why: "it is neither pypi-edge's index nor a file. If it is of another index there, give --url with that one's address first, and its --upstream.",
    };
  }
  const file = toUpstreamFile(tail, upstream);
  // The package's index would become PyPI, where anybody can take the name of a project that PyPI does not have.
  if ("url" in file && index !== undefined && mayListFilesAt(upstream, new URL(file.url).origin) === false) {
    return { why: "PyPI has no files there. Give the index that pypi-edge mirrors with --upstream." };
  }
  return file;
}
