import { isWheel, type Filename } from "./filename.ts";
import { canonicalVersion } from "./pep440.ts";
import { asProjectName, type ProjectName } from "./name.ts";
import { parseVersion } from "./pep440.ts";
import { versionOf } from "./version.ts";

const ENDING = /\.(?:tar\.[a-z0-9]+|[a-z]+)$/;

/**
 * What the spellings of one distribution file have in common: `Demo_Pkg-1.0.tar.gz` and `demo-pkg-1.0.0.tar.gz` are one to
 * who installs them, and so are wheels whose tags stand in another order. For comparing alone; of what is no such name, the
 * name in lower case.
 */
export function identityOf(filename: Filename, project: ProjectName): string {
  const lower = filename.toLowerCase();
  const version = versionOf(filename, project);
  if (version === undefined) return lower;
  const canonical = canonicalVersion(unescaped(version));
  const [ending] = ENDING.exec(lower) ?? [""];
  if (!isWheel(filename)) return `${project}-${canonical}${ending}`;
  const cut = [...lower.matchAll(/-/g)].find(({ index }) => asProjectName(lower.slice(0, index)) === project);
  const [, ...fields] = lower.slice((cut?.index ?? 0) + 1, -ending.length).split("-");
  // A build tag may come before the three others; its number counts, not how it is written.
  const [build = "", ...tags] = fields.length > 3 ? fields : ["", ...fields];
  const sorted = tags.map((tag) => tag.split(".").toSorted().join("."));
  return [project, canonical, build.replace(/^0+(?=\d)/, ""), ...sorted].join("-") + ending;
}

/** Old tools wrote `_` for the `+` of a local label, as for every other sign (PEP 427). */
function unescaped(version: string): string {
  if (parseVersion(version) || !version.includes("_")) return version;
  const local = version.replace("_", "+");
  return parseVersion(local) ? local : version;
}
