import { distributionsIn, ownMember, packageOf, projectNameOf, textAt, type LockedTable } from "./fields.ts";
import type { LockEntry } from "./lock.ts";
import { refusal, type LockText } from "./text.ts";
import { assertVersion, parseToml } from "./toml.ts";

/** Keys of a package that does not come from an index. */
const DIRECT = ["vcs", "directory", "archive"];

/** Reads a `pylock.toml` (PEP 751), version 1. Throws `unprocessable`. */
export function readPylock(text: LockText): LockEntry[] {
  const { root, top, packages } = parseToml(text, "packages");
  assertVersion(top, root, "lock-version", [1]);
  return packages.map(readPackage);
}

function readPackage(locked: LockedTable): LockEntry {
  const { table, place } = locked;
  const name = projectNameOf(place, ownMember(table, "name"));
  if (DIRECT.some((key) => Object.hasOwn(table, key))) return name;
  const listed = distributionsIn(place, table);
  if (listed.length === 0) throw refusal(place, `${name} has neither wheels nor an sdist (PEP 751); lock it again.`);
  const index = textAt(place, table, "index");
  return packageOf(locked, name, listed, index === undefined ? [] : [index]);
}
