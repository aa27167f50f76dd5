/** A version as PEP 440 orders it. */
export interface Version {
  /** Whether it is a pre-release or a development release: nobody gets one who has not asked for it. */
  readonly isPrerelease: boolean;
  /** What it is compared by, list by list. */
  readonly key: readonly List[];
}

/** As versions compare them: a text is below any number, and a list below all that continue it. */
type List = readonly (number | string)[];

/** `v1!2.0rc1.post2.dev3+local.4`, and the other spellings that PEP 440 takes for it. */
const VERSION =
  /^v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[-_.]?(?<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?<preNumber>\d*))?(?<post>-(?<implicit>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?<postNumber>\d*))?(?<dev>[-_.]?dev[-_.]?(?<devNumber>\d*))?(?:\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/i;

/** The spellings of a phase that are not its own name. */
const PHASES: Readonly<Record<string, string>> = { alpha: "a", beta: "b", c: "rc", pre: "rc", preview: "rc" };

/** Between them are the phases: a development release comes before the first alpha, and none after the last candidate. */
const DEVELOPMENT = "";
const FINAL = "z";

/** Longer ones nobody writes. Characters. */
const MAX_LENGTH = 100;

/** What a version is made of, as it is written; undefined where it is none of PEP 440's. */
const versionParts = (text: string) => VERSION.exec(text)?.groups;

/** A version as PEP 440 normalises it: `v1.0-RC1` is `1.0rc1`; undefined where it is none, or over 100 characters. */
export function normalVersion(text: string): string | undefined {
  const parts = text.length <= MAX_LENGTH ? versionParts(text) : undefined;
  if (!parts) return undefined;
  const { release = "", post, dev } = parts;
  // Not before it is known to be ASCII: the Kelvin sign is a "k" in lower case.
  const [pre, local] = [parts["pre"]?.toLowerCase(), parts["local"]?.toLowerCase()];
  const epoch = plain(parts["epoch"] ?? "");
  return [
    epoch === "0" ? "" : `${epoch}!`,
    release.split(".").map(plain).join("."),
    pre === undefined ? "" : `${PHASES[pre] ?? pre}${plain(parts["preNumber"] ?? "")}`,
    post === undefined ? "" : `.post${plain(parts["implicit"] ?? parts["postNumber"] ?? "")}`,
    dev === undefined ? "" : `.dev${plain(parts["devNumber"] ?? "")}`,
    local === undefined ? "" : `+${local.split(/[-_.]/).map(plain).join(".")}`,
  ].join("");
}

/** A version so that equal ones are the same text: `1.0`, `v1` and `1.0.0` are. One that PEP 440 has not is lower case. */
export const canonicalVersion = (raw: string) =>
  normalVersion(raw)?.replace(/^(?:\d+!)?\d+(?:\.\d+)*/, withoutFinalZeros) ?? raw.toLowerCase();

function withoutFinalZeros(release: string): string {
  let end = release.length;
  while (release.endsWith(".0", end)) end -= 2;
  return release.slice(0, end);
}

/** Whether the two are one version, however each is written. */
export const isSameVersion = (one: string, other: string) => canonicalVersion(one) === canonicalVersion(other);

/** Without the local label, which a version that has none does not care for (PEP 440, "Version matching"). */
export const publicVersion = (canonical: string) => canonical.split("+", 1)[0] ?? "";

/** Reads a version; undefined where it is none of PEP 440's. */
export function parseVersion(text: string): Version | undefined {
  const groups = text.length <= MAX_LENGTH ? versionParts(text) : undefined;
  if (!groups) return undefined;
  const { epoch, release = "", pre, preNumber, post, implicit, postNumber, dev, devNumber, local } = groups;
  const phase = pre?.toLowerCase() ?? (dev !== undefined && post === undefined ? DEVELOPMENT : FINAL);
  return {
    isPrerelease: pre !== undefined || dev !== undefined,
    key: [
      [Number(epoch ?? 0)],
      withoutZeros(release.split(".").map(Number)),
      [
        PHASES[phase] ?? phase,
        Number(preNumber ?? 0),
        post === undefined ? -1 : Number(implicit ?? postNumber),
        dev === undefined ? Infinity : Number(devNumber),
      ],
      local?.toLowerCase().split(/[-_.]/).map(numberOrText) ?? [],
    ],
  };
}

/** Below zero where `one` is older than `other`, above it where it is newer, zero where they are one version. */
export function compareVersions(one: Version, other: Version): number {
  for (const [at, list] of one.key.entries()) {
    const order = compareLists(list, other.key[at] ?? []);
    if (order !== 0) return order;
  }
  return 0;
}

function compareLists(one: List, other: List): number {
  for (const [at, left] of one.entries()) {
    const right = other[at];
    if (right === undefined) return 1;
    if (left === right) continue;
    if (typeof left !== typeof right) return typeof left === "string" ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return one.length - other.length;
}

const numberOrText = (text: string) => (/^\d+$/.test(text) ? Number(text) : text);

/** `1.0` is `1`. */
const withoutZeros = (release: readonly number[]) => release.slice(0, release.findLastIndex((it) => it !== 0) + 1);

/** A number without leading zeros, 0 where there is none; a local label's letters as they are. */
const plain = (part: string) => (/^\d*$/.test(part) ? part.replace(/^0+/, "") || "0" : part);
