import { isWheel, type Filename } from "./filename.ts";
import type { ProjectName } from "./name.ts";
import { parseVersion } from "./pep440.ts";
import { sdistIdentity } from "./sdist-name.ts";
import { behindName, versionOf } from "./version.ts";
import { wheelIdentity, wheelVersion } from "./wheel-name.ts";

const ENDING = /\.(?:tar\.[a-z0-9]+|[a-z]+)$/;

/**
 * What the spellings of one distribution file have in common: `Demo_Pkg-1.0.tar.gz` and `demo-pkg-1.0.0.tar.gz` are one to
 * who installs them, and so are wheels whose tags stand in another order. Of a name that can be published it is the one that is
 * stored with it; of what old tools wrote, for comparing alone; of what is no such name, the name in lower case.
 */
export function identityOf(filename: Filename, project: ProjectName): string {
  const lower = filename.toLowerCase();
  const version = versionOf(filename, project);
  if (version === undefined) return lower;
  const [ending] = ENDING.exec(lower) ?? [""];
  if (!isWheel(filename)) return sdistIdentity(project, unescaped(version), ending);
  const [, ...fields] = (behindName(lower, project) ?? "").slice(0, -ending.length).split("-");
  // A build tag may come before the three others.
  const build = fields.length > 3 ? fields.shift() : undefined;
  return wheelIdentity(project, wheelVersion(version) ?? unescaped(version), build, fields);
}

/** Old tools wrote `_` for the `+` of a local label, as for every other sign (PEP 427). */
function unescaped(version: string): string {
  if (parseVersion(version) || !version.includes("_")) return version;
  const local = version.replace("_", "+");
  return parseVersion(local) ? local : version;
}
