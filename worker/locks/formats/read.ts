import type { FindForeign } from "./addresses.ts";
import { assertFiles, assertPackages } from "./limits.ts";
import type { Lock, LockEntry, LockedPackage } from "./lock.ts";
import { assertNamedRight, formatFor } from "./recognise.ts";
import { decodeText, shown, shownUrl } from "./text.ts";

/**
 * Reads a lock file. The last segment of its name tells the format.
 *
 * @param filename `uv.lock`, `poetry.lock`, `pdm.lock`, `Pipfile.lock`, `pylock.toml`, `requirements.txt` and the like
 * @param foreign finds packages that come from another index; by default, none do
 * @returns the packages from this index, for all environments (markers are ignored), and the names of packages from elsewhere
 * @throws `unprocessable` with a sentence that names the file, the line, what is wrong and what to do: an unknown file name, a text
 *   that is not UTF-8 or not in the format, a newer format, a requirement that is not pinned, more than 5,000 packages or 100,000
 *   files
 */
export function readLock(filename: string, bytes: Uint8Array, foreign: FindForeign = () => undefined): Lock {
  const name = shown(filename.split(/[/\\]/).at(-1));
  const format = formatFor(name, bytes);
  const text = decodeText(name, bytes);
  assertNamedRight(format, text);
  const locked = format.read(text);
  assertPackages(name, locked.length);
  assertFiles(
    name,
    locked.reduce((count, each) => {
      if (typeof each === "string") return count;
      return count + each.locked.files.length + each.locked.digests.length;
    }, 0),
  );
  return lockOf(locked, foreign);
}

/** The packages from this index, and the names of the others, which are only reported. */
function lockOf(all: readonly LockEntry[], foreign: FindForeign): Lock {
  const packages: LockedPackage[] = [];
  const elsewhere = new Set<string>();
  const others = new Map<string, Set<string>>();
  for (const each of all) {
    const index = typeof each === "string" ? undefined : foreign(each.indexes, each.locked.files);
    if (typeof each === "string") elsewhere.add(each);
    else if (index === undefined) packages.push(each.locked);
    else {
      const { name } = each.locked;
      elsewhere.add(name);
      others.set(index, (others.get(index) ?? new Set()).add(name));
    }
  }
  // URLs that differ in user and password alone are shown as one.
  const shownAlike = [...Map.groupBy(others, ([index]) => shownUrl(index))];
  const otherIndexes = shownAlike.map(([index, group]) => {
    return { index, packages: [...new Set(group.flatMap(([, names]) => [...names]))] };
  });
  return { packages, elsewhere: [...elsewhere], ...(otherIndexes.length > 0 && { otherIndexes }) };
}
