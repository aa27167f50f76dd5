import { distributionsIn, ownMember, packageOf, projectNameOf, tableAt, textAt, type LockedTable } from "./fields.ts";
import type { LockEntry } from "./lock.ts";
import { refusal, type LockText } from "./text.ts";
import { assertVersion, parseToml } from "./toml.ts";

/** Keys of a source that is not an index, whatever other keys it has. */
const DIRECT = ["git", "url", "path", "directory", "editable", "virtual"];

/** Reads a `uv.lock`, version 1, or a script's. Throws `unprocessable`. */
export function readUv(text: LockText): LockEntry[] {
  const { root, top, packages } = parseToml(text, "package");
  assertVersion(top, root, "version", [1]);
  return packages.map(readPackage);
}

function readPackage(locked: LockedTable): LockEntry {
  const { table, place } = locked;
  const name = projectNameOf(place, ownMember(table, "name"));
  const source = tableAt(place, table, "source");
  if (!source) throw refusal(place, `${name} has no source; make the file again with uv lock.`);
  // A registry may also be a folder, which is not an index of ours.
  const registry = textAt(place, source, "registry") ?? "";
  if (!/^https?:/i.test(registry) || DIRECT.some((key) => Object.hasOwn(source, key))) return name;
  return packageOf(locked, name, distributionsIn(place, table), [registry]);
}
