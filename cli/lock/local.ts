import { restBelow, HAS_CREDENTIALS, urlParts, addressText, type Address } from "./address.ts";
import type { LockFile } from "./file.ts";
import { filenameOf, toLocalFile } from "./file-mapping.ts";
import { urlCount, rewrite, type MappedUrl, type Plan } from "./plan.ts";
import { indexTail, mayListFilesAt } from "./upstream.ts";

export interface LocalOptions {
  /** The Simple API root that pypi-edge mirrors. */
  readonly upstream: Address;
  /** Where that pypi-edge is. */
  readonly root: Address;
}

/**
 * Maps the upstream's URLs in `file` to those of the pypi-edge at `root`: its index to `{root}/simple`, and its files to
 * `{root}/files/{host}/{path}`. Files of packages with another index stay, and so do files at hosts of which nothing says
 * that the upstream lists them: pypi-edge would not serve them. All other bytes stay.
 *
 * @throws CommandError naming each file of the upstream's from which `canonical` would not lead back
 */
export function planLocal(file: LockFile, { root, upstream }: LocalOptions): Plan {
  const left = new Set<string>();
  const { text, count } = rewrite(file, file.scan(file.text), ({ url, index }): MappedUrl => {
    const parts = urlParts(url);
    if (!parts) return undefined;
    const tail = indexTail(url, upstream);
    if (tail !== undefined) return parts.credentials ? HAS_CREDENTIALS : { url: `${addressText(root)}/simple${tail}` };
    if (!filenameOf(url) || restBelow(root, parts) !== undefined) return undefined;
    const listed =
      index === undefined ? mayListFilesAt(upstream, parts.origin) : indexTail(index, upstream) !== undefined;
    if (listed) return toLocalFile(url, root, upstream);
    if (index === undefined) left.add(parts.origin);
    return undefined;
  });
  const done =
    count === 0
      ? `no URL of ${addressText(upstream)} is in it; unchanged`
      : `${urlCount(count)} mapped to those of ${addressText(root)}`;
  const rest = left.size === 0 ? "" : `; files at ${[...left].join(", ")} stay, since the file names no index for them`;
  return { file, text, summary: `${file.name}: ${done}${rest}.` };
}
