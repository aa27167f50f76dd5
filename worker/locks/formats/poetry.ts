import {
  listAt,
  ownMember,
  packageOf,
  projectNameOf,
  tableAt,
  textAt,
  type LockedTable,
  type Table,
} from "./fields.ts";
import { assertFiles } from "./limits.ts";
import type { LockEntry } from "./lock.ts";
import type { LockText } from "./text.ts";
import { assertVersion, parseToml } from "./toml.ts";

/** Reads a `poetry.lock`, version 1 or 2. Throws `unprocessable`. */
export function readPoetry(text: LockText): LockEntry[] {
  const { root, top, packages } = parseToml(text, "package");
  const metadata = tableAt(top, root, "metadata") ?? {};
  assertVersion(top, metadata, "lock-version", [1, 2]);
  // Version 1 lists the files of all packages here.
  const files = tableAt(top, metadata, "files") ?? {};
  // Several packages may refer to one list of files here, which is then read once for each: so it is counted for each.
  assertFiles(
    top.name,
    packages.reduce((count, each) => count + listedOf(each, files).length, 0),
  );
  return packages.map((each) => readPackage(each, files));
}

function readPackage(locked: LockedTable, filesByName: Table): LockEntry {
  const { table, place } = locked;
  const name = projectNameOf(place, ownMember(table, "name"));
  const source = tableAt(place, table, "source");
  const listed = () => listedOf(locked, filesByName);
  if (!source) return packageOf(locked, name, listed(), []);
  // "legacy" is Poetry's word for an index other than PyPI.
  const url = textAt(place, source, "url");
  if (textAt(place, source, "type") !== "legacy" || url === undefined) return name;
  return packageOf(locked, name, listed(), [url]);
}

function listedOf({ table, place }: LockedTable, filesByName: Table): readonly unknown[] {
  if (Object.hasOwn(table, "files")) return listAt(place, table, "files");
  const name = ownMember(table, "name");
  return typeof name === "string" ? listAt(place, filesByName, name) : [];
}
