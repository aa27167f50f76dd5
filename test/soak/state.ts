import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { keyAt } from "../../server/objects/key-path.ts";

/** All files of a state directory. `bytes`: their sizes together. */
export function filesIn(state: string): { readonly count: number; readonly bytes: number } {
  const sizes = filesBelow(state).map((path) => statSync(join(state, path)).size);
  return { count: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** A stored object's row. */
interface Stored {
  readonly key: string;
  readonly version: string;
  readonly size: number;
}

/**
 * What is wrong in a state directory that no server uses: files without rows, rows without files, objects that belong to
 * nothing, damaged databases.
 *
 * @param interrupted how many uploads a kill may have interrupted: what they leave is deleted after days
 */
export function faultsInState(state: string, interrupted: number): string[] {
  const faults = filesBelow(join(state, "partial")).map((path) => `partial/${path} is left`);
  const parts = filesBelow(join(state, "uploads"));
  // A large upload is staged in parts, which lie in a folder of their own.
  if (new Set(parts.map(dirname)).size > interrupted) faults.push(`parts of uploads are left: ${parts.join(", ")}`);
  const objects = rowsOf<Stored>(state, "objects", "SELECT key, version, size FROM object");
  const named = new Map(objects.map((row) => [`${row.key}@${row.version}`, row]));
  for (const path of filesBelow(join(state, "objects"))) {
    const found = keyAt(path);
    const name = `${found?.key}@${found?.version}`;
    const row = named.get(name);
    named.delete(name);
    if (!row) faults.push(`objects/${path} has no row`);
    else if (statSync(join(state, "objects", path)).size !== row.size)
      faults.push(`${path} has another size than its row`);
  }
  for (const name of named.keys()) faults.push(`${name} has no file`);

  const hosted = rowsOf<{ object: string }>(
    state,
    "database",
    "SELECT object FROM hosted_file WHERE object IS NOT NULL UNION SELECT object FROM unlinked_object",
  );
  const linked = new Set(hosted.map(({ object }) => object));
  const orphans = objects.filter(({ key }) => isDurable(key) && !linked.has(key.replace(/\.metadata$/, "")));
  // Of an upload there are two objects at most beside the staged one.
  if (orphans.length > 3 * interrupted) faults.push(`orphans: ${orphans.map(({ key }) => key).join(", ")}`);
  const noted = new Set(rowsOf<{ key: string }>(state, "database", "SELECT key FROM object").map(({ key }) => key));
  for (const { key } of objects) {
    if (/^(?:file|metadata)\//.test(key) && !noted.has(key)) faults.push(`${key} is not in the table that sweep reads`);
  }
  for (const name of ["database", "objects", "queues", "cache"]) {
    const [{ said } = { said: "nothing" }] = rowsOf<{ said: string }>(
      state,
      name,
      "SELECT integrity_check AS said FROM pragma_integrity_check",
    );
    if (said !== "ok") faults.push(`${name}.sqlite: ${said}`);
  }
  return faults;
}

const isDurable = (key: string) => /^(?:hosted|staging)\//.test(key);

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function rowsOf<Row>(state: string, name: string, query: string): Row[] {
  const db = new DatabaseSync(join(state, `${name}.sqlite`));
  try {
    return db.prepare(query).all() as unknown as Row[];
  } finally {
    db.close();
  }
}
