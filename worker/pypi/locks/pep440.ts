import { PHASES, versionParts } from "../pep440.ts";

/** A version so that equal ones are the same text (PEP 440): `1.0`, `v1` and `1.0.0` are. One that PEP 440 has not is lower case. */
export function canonicalVersion(raw: string): string {
  const lower = raw.toLowerCase();
  const parts = versionParts(lower);
  if (!parts) return lower;
  const release = (parts["release"] ?? "").split(".").map(plain);
  while (release.length > 1 && release.at(-1) === "0") release.pop();
  const { pre, post, dev, local } = parts;
  return [
    `${plain(parts["epoch"] ?? "")}!${release.join(".")}`,
    pre === undefined ? "" : `${PHASES[pre] ?? pre}${plain(parts["preNumber"] ?? "")}`,
    post === undefined ? "" : `.post${plain(parts["implicit"] ?? parts["postNumber"] ?? "")}`,
    dev === undefined ? "" : `.dev${plain(parts["devNumber"] ?? "")}`,
    local === undefined ? "" : `+${local.split(/[-_.]/).map(plain).join(".")}`,
  ].join("");
}

/** Without the local label, which a version that has none does not care for (PEP 440, "Version matching"). */
export const publicVersion = (canonical: string) => canonical.replace(/\+.*$/, "");

/** A number without leading zeros, 0 where there is none; a local label's letters as they are. */
const plain = (part: string) => (/^\d*$/.test(part) ? part.replace(/^0+/, "") || "0" : part);
