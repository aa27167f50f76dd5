import { listAt, own, packageOf, projectNameOf, tableAt, type LockedTable, type Table } from "./fields.ts";
import type { Locked } from "./lock.ts";
import type { LockText } from "./text.ts";
import { assertVersion, parseToml } from "./toml.ts";

/** What a package has that comes from a repository, a folder or a URL. */
const DIRECT = ["git", "hg", "svn", "bzr", "url", "path"];

/** Reads a `pdm.lock`, version 4. Throws `unprocessable`. */
export function readPdm(text: LockText): Locked[] {
  const { root, top, packages } = parseToml(text, "package");
  const metadata = tableAt(top, root, "metadata") ?? {};
  assertVersion(top, metadata, "lock_version", [4]);
  // Where the first minors have the files of all packages.
  const files = tableAt(top, metadata, "files") ?? {};
  return packages.map((each) => readPackage(each, files));
}

function readPackage(locked: LockedTable, filesByVersion: Table): Locked {
  const { table, place } = locked;
  const name = projectNameOf(place, own(table, "name"));
  if (DIRECT.some((key) => Object.hasOwn(table, key))) return name;
  const listed = Object.hasOwn(table, "files")
    ? listAt(place, table, "files")
    : listAt(place, filesByVersion, `${table["name"]} ${String(own(table, "version"))}`);
  return packageOf(locked, name, listed);
}
