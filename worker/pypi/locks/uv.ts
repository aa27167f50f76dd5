import { builds, own, packageOf, projectNameOf, tableAt, textAt, type LockedTable } from "./fields.ts";
import type { Locked } from "./lock.ts";
import { refusal, type LockText } from "./text.ts";
import { assertVersion, parseToml } from "./toml.ts";

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
  // A registry may also be a folder; any other source is none that an index has.
  const isIndex = /^https?:/i.test(textAt(place, source, "registry") ?? "");
  return isIndex ? packageOf(locked, name, builds(place, table)) : name;
}
