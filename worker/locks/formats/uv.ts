import { builds, own, packageOf, projectNameOf, tableAt, textAt, type LockedTable } from "./fields.ts";
import type { Locked } from "./lock.ts";
import { refusal, type LockText } from "./text.ts";
import { assertVersion, parseToml } from "./toml.ts";

/** Keys of a source that is not an index, whatever other keys it has. */
const DIRECT = ["git", "url", "path", "directory", "editable", "virtual"];

/** Reads a `uv.lock`, version 1, or a script's. Throws `unprocessable`. */
export function readUv(text: LockText): Locked[] {
  const { root, top, packages } = parseToml(text, "package");
  assertVersion(top, root, "version", [1]);
  return packages.map(readPackage);
}

function readPackage(locked: LockedTable): Locked {
  const { table, place } = locked;
  const name = projectNameOf(place, own(table, "name"));
  const source = tableAt(place, table, "source");
  if (!source) throw refusal(place, `${name} has no source; make the file again with uv lock.`);
  // A registry may also be a folder, which is not an index of ours.
  const registry = textAt(place, source, "registry") ?? "";
  if (!/^https?:/i.test(registry) || DIRECT.some((key) => Object.hasOwn(source, key))) return name;
  return packageOf(locked, name, builds(place, table), [registry]);
}
