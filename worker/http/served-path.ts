import { DEFAULT } from "../../schema/indexes.ts";
import { pathOf } from "./path.ts";

/** Below this, every file of every index has an address that begins with `/packages`: a mirror (bandersnatch) takes no other. */
const ALIAS = "/packages/-";

const ALIASED = /^\/packages\/-\/([^/]+)((?:\/(?:@|%40)[^/]*)?)(\/.*)$/i;

/**
 * Where files of an index, or of a view of it, are found once more, without a final slash.
 *
 * @param base the index's, or the view's
 */
export const aliasOf = (index: string, base: string) => `${ALIAS}${index === DEFAULT ? `/${DEFAULT}` : ""}${base}`;

/** The path that a request is for, as it was sent, without decoding; that of an alias is the path that it stands for. */
export function servedPath(url: string): string {
  const path = pathOf(url);
  const [, index, view = "", rest = ""] = ALIASED.exec(path) ?? [];
  if (index === undefined) return path;
  return `${index === DEFAULT ? "" : `/${index}`}${view}/files${rest}`;
}
