import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The project's folder: that of a clone, or of an installed package. It does not depend on the folder in which a command
 * is started. Looked for upwards, because this code is `dist/pypi-edge.js` in a package.
 */
export const PROJECT_FOLDER = folderAbove(import.meta.dirname);

/** The folder of the database's migrations. */
export const MIGRATIONS = join(PROJECT_FOLDER, "schema", "migrations");

/** The file in which an owner has the configuration of a deployment, in a folder of their own. */
export const OWN_CONFIGURATION = "pypi-edge.toml";

function folderAbove(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  if (dirname(folder) === folder) throw new Error(`No package.json lies above ${import.meta.dirname}.`);
  return folderAbove(dirname(folder));
}
