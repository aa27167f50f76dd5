import { restBelow, HAS_CREDENTIALS, urlParts, addressText, type Address } from "./address.ts";
import { filenameOf, toLocalFile } from "./file-mapping.ts";
import { rewrite, type MappableLock, type MappedUrl, type Plan } from "./plan.ts";
import { indexTail, mayListFilesAt, upstreamsText, type LockUpstreams } from "./upstream.ts";
import { counted } from "../../pypi/counted.ts";

export interface LocalOptions {
  /** What pypi-edge mirrors. */
  readonly upstreams: LockUpstreams;
  /** Where that pypi-edge is. */
  readonly root: Address;
}

/**
 * Maps the upstreams' URLs in `file` to those of the pypi-edge at `root`: their indexes to `{root}/simple`, and their files to
 * `{root}/files/{host}/{path}`. Files of packages with another index stay, and so do files at hosts of which nothing says
 * that an upstream lists them: pypi-edge would not serve them. All other bytes stay.
 *
 * @throws `unprocessable` naming each file of the upstream's from which `canonical` would not lead back
 */
export function planLocal(file: MappableLock, { root, upstreams }: LocalOptions): Plan {
  const left = new Set<string>();
  const { text, count } = rewrite(file, file.scan(file.text), ({ url, index }): MappedUrl => {
    const parts = urlParts(url);
    if (!parts) return undefined;
    const tail = upstreams.map((upstream) => indexTail(url, upstream)).find((each) => each !== undefined);
    if (tail !== undefined) return parts.credentials ? HAS_CREDENTIALS : { url: `${addressText(root)}/simple${tail}` };
    if (!filenameOf(url) || restBelow(root, parts) !== undefined) return undefined;
    if (index !== undefined) {
      const listed = upstreams.some((upstream) => indexTail(index, upstream) !== undefined);
      return listed ? toLocalFile(url, root, upstreams) : undefined;
    }
    if (upstreams.some((upstream) => mayListFilesAt(upstream, parts.origin))) return toLocalFile(url, root, upstreams);
    left.add(parts.origin);
    return undefined;
  });
  const done =
    count === 0
      ? `no URL of ${upstreamsText(upstreams)} is in it; unchanged`
      : `${counted(count, "URL")} mapped to those of ${addressText(root)}`;
  const rest = left.size === 0 ? "" : `; files at ${[...left].join(", ")} stay, since the file names no index for them`;
  return { text, summary: `${file.name}: ${done}${rest}.` };
}
