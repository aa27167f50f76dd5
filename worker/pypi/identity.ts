import { isWheel, type Filename } from "./filename.ts";
import type { ProjectName } from "./name.ts";
import { parseVersion } from "./pep440.ts";
import { sdistIdentity } from "./sdist-name.ts";
import { afterName, versionOf } from "./version.ts";
import { wheelIdentity, wheelVersion } from "./wheel-name.ts";

const ENDING = /\.(?:tar\.[a-z0-9]+|[a-z]+)$/;

/**
 * One name for all spellings of a distribution file's name. To installers, `Demo_Pkg-1.0.tar.gz` and `demo-pkg-1.0.0.tar.gz` are
 * the same file, and so are wheels whose tags are in another order. For a name that can be published, the result is the identity
 * stored with the file; for names by old tools, it serves for comparison only. Any other name is only put in lower case.
 */
export function identityOf(filename: Filename, project: ProjectName): string {
  const lower = filename.toLowerCase();
  const version = versionOf(filename, project);
  if (version === undefined) return lower;
  const [ending] = ENDING.exec(lower) ?? [""];
  if (!isWheel(filename)) return sdistIdentity(project, unescaped(version), ending);
  const [, ...fields] = (afterName(lower, project) ?? "").slice(0, -ending.length).split("-");
  // A build tag may come before the three others.
  const build = fields.length > 3 ? fields.shift() : undefined;
  return wheelIdentity(project, wheelVersion(version) ?? unescaped(version), build, fields);
}

/** The version with the `+` of its local label, for which old tools wrote `_` (PEP 427). */
function unescaped(version: string): string {
  if (parseVersion(version) || !version.includes("_")) return version;
  const local = version.replace("_", "+");
  return parseVersion(local) ? local : version;
}
