import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";

/** The digest of files and of all files in folders: it tells whether what was built of them is still theirs. */
export async function hashOfSources(sources: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const source of sources) {
    const path = join(PROJECT_FOLDER, source);
    const files = source.includes(".") ? [path] : await filesBelow(path);
    for (const file of files) hash.update(file.slice(PROJECT_FOLDER.length)).update(await readFile(file));
  }
  return hash.digest("hex");
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
