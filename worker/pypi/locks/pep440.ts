const PEP_440 =
  /^v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[-_.]?(?<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?<preN>\d*))?(?:-(?<post>\d+)|[-_.]?(?<named>post|rev|r)[-_.]?(?<postN>\d*))?(?:[-_.]?(?<dev>dev)[-_.]?(?<devN>\d*))?(?:\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/i;

const PRE: Readonly<Record<string, string>> = { alpha: "a", beta: "b", c: "rc", pre: "rc", preview: "rc" };

/** A version so that equal ones are the same text (PEP 440): `1.0`, `v1` and `1.0.0` are. One that PEP 440 has not is lower case. */
export function canonicalVersion(raw: string): string {
  const lower = raw.toLowerCase();
  const parts = PEP_440.exec(lower)?.groups;
  if (!parts) return lower;
  const release = (parts["release"] ?? "").split(".").map(plain);
  while (release.length > 1 && release.at(-1) === "0") release.pop();
  const { pre, dev, local } = parts;
  const post = parts["post"] ?? (parts["named"] === undefined ? undefined : parts["postN"]);
  return [
    `${plain(parts["epoch"] ?? "")}!${release.join(".")}`,
    pre === undefined ? "" : `${PRE[pre] ?? pre}${plain(parts["preN"] ?? "")}`,
    post === undefined ? "" : `.post${plain(post)}`,
    dev === undefined ? "" : `.dev${plain(parts["devN"] ?? "")}`,
    local === undefined ? "" : `+${local.split(/[-_.]/).map(plain).join(".")}`,
  ].join("");
}

/** Without the local label, which a version that has none does not care for (PEP 440, "Version matching"). */
export const publicVersion = (canonical: string) => canonical.replace(/\+.*$/, "");

/** A number without leading zeros, 0 where there is none; a local label's letters as they are. */
const plain = (part: string) => (/^\d*$/.test(part) ? part.replace(/^0+/, "") || "0" : part);
