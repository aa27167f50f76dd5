import { listAt, ownMember, packageOf, projectNameOf, tableAt, type LockedTable, type Table } from "./fields.ts";
import { assertFiles } from "./limits.ts";
import type { LockEntry } from "./lock.ts";
import type { LockText } from "./text.ts";
import { assertVersion, parseToml } from "./toml.ts";

/** Keys of a package that comes from a version-control repository, a folder or a URL. */
const DIRECT = ["git", "hg", "svn", "bzr", "url", "path", "editable"];

/** Reads a `pdm.lock`, version 4. Throws `unprocessable`. */
export function readPdm(text: LockText): LockEntry[] {
  const { root, top, packages } = parseToml(text, "package");
  const metadata = tableAt(top, root, "metadata") ?? {};
  assertVersion(top, metadata, "lock_version", [4]);
  // The first minor versions of the format list the files of all packages here.
  const files = tableAt(top, metadata, "files") ?? {};
  // Several packages may refer to one list of files here, which is then read once for each: so it is counted for each.
  assertFiles(
    top.name,
    packages.reduce((count, each) => count + listedOf(each, files).length, 0),
  );
  return packages.map((each) => readPackage(each, files));
}

function readPackage(locked: LockedTable, filesByVersion: Table): LockEntry {
  const { table, place } = locked;
  const name = projectNameOf(place, ownMember(table, "name"));
  if (DIRECT.some((key) => Object.hasOwn(table, key))) return name;
  // PDM's locks do not say which index a package comes from.
  return packageOf(locked, name, listedOf(locked, filesByVersion), []);
}

function listedOf({ table, place }: LockedTable, filesByVersion: Table): readonly unknown[] {
  if (Object.hasOwn(table, "files")) return listAt(place, table, "files");
  const [name, version] = [ownMember(table, "name"), ownMember(table, "version")];
  return typeof name === "string" && typeof version === "string"
    ? listAt(place, filesByVersion, `${name} ${version}`)
    : [];
}
