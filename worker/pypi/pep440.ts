/** A version in a form that can be compared (PEP 440). */
export interface Version {
  /** Whether it is a pre-release or a development release: installers take one only on request. */
  readonly isPrerelease: boolean;
  /** Whether it is a development release: `1.0.dev3`, `1.0rc1.dev3`. */
  readonly isDevelopment: boolean;
  /** The sort key, compared list by list. */
  readonly key: readonly List[];
}

/** In the order of PEP 440, a text is below any number, and a list is below every longer list that begins with it. */
type List = readonly (number | string)[];

/** `v1!2.0rc1.post2.dev3+local.4`, and the other spellings that PEP 440 accepts. */
const VERSION =
  /^v?(?:(?<epoch>\d+)!)?(?<release>\d+(?:\.\d+)*)(?:[-_.]?(?<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?<preNumber>\d*))?(?<post>-(?<implicit>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?<postNumber>\d*))?(?<dev>[-_.]?dev[-_.]?(?<devNumber>\d*))?(?:\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/i;

/** Other spellings of the pre-release phases `a`, `b` and `rc`. */
const PHASES: Readonly<Record<string, string>> = { alpha: "a", beta: "b", c: "rc", pre: "rc", preview: "rc" };

/** Sort keys before and after `a`, `b` and `rc`: `1.0.dev1` is below every pre-release of 1.0, and 1.0 is above them. */
const DEVELOPMENT = "";
const FINAL = "z";

/** A longer text is not accepted as a version. Characters. */
const MAX_LENGTH = 100;

/** The parts of a version, as written; undefined where the text is not a PEP 440 version. */
const versionParts = (text: string) => VERSION.exec(text)?.groups;

/** A version normalised by PEP 440: `v1.0-RC1` is `1.0rc1`; undefined where it is not a version, or over 100 characters. */
export function normalVersion(text: string): string | undefined {
  const parts = text.length <= MAX_LENGTH ? versionParts(text) : undefined;
  if (!parts) return undefined;
  const { release = "", post, dev } = parts;
  // Only now is it known to be ASCII: in lower case, the Kelvin sign would become a "k".
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

/** One text for all spellings of a version: `1.0`, `v1` and `1.0.0` are `1`. A text that is not a PEP 440 version is put in lower case. */
export const canonicalVersion = (raw: string) =>
  normalVersion(raw)?.replace(/^(?:\d+!)?\d+(?:\.\d+)*/, withoutFinalZeros) ?? raw.toLowerCase();

function withoutFinalZeros(release: string): string {
  let end = release.length;
  while (release.endsWith(".0", end)) end -= 2;
  return release.slice(0, end);
}

/** Whether two texts are spellings of one version. */
export const isSameVersion = (one: string, other: string) => canonicalVersion(one) === canonicalVersion(other);

/** Without the local label, which `==1.0` ignores in a candidate such as `1.0+local` (PEP 440, "Version matching"). */
export const publicVersion = (canonical: string) => canonical.split("+", 1)[0] ?? "";

/** Whether a version is higher than another one; false where one of the texts is not a PEP 440 version. */
export function isHigher(version: string, than: string): boolean {
  const [one, other] = [parseVersion(version), parseVersion(than)];
  return one !== undefined && other !== undefined && compareVersions(one, other) > 0;
}

/** Whether a version is a final one of the project itself: a local label is another distributor's. */
export const isUpstreamFinal = (version: string) =>
  !version.includes("+") && parseVersion(version)?.isPrerelease === false;

/** Whether a version is another one with a local label, such as `1.0+acme.1` of `1.0`. */
export const isLocalOf = (version: string, other: string) =>
  version.includes("+") && publicVersion(canonicalVersion(version)) === publicVersion(canonicalVersion(other));

/** Reads a version; undefined where the text is not a PEP 440 version. */
export function parseVersion(text: string): Version | undefined {
  const groups = text.length <= MAX_LENGTH ? versionParts(text) : undefined;
  if (!groups) return undefined;
  const { epoch, release = "", pre, preNumber, post, implicit, postNumber, dev, devNumber, local } = groups;
  const phase = pre?.toLowerCase() ?? (dev !== undefined && post === undefined ? DEVELOPMENT : FINAL);
  return {
    isPrerelease: pre !== undefined || dev !== undefined,
    isDevelopment: dev !== undefined,
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

/** Negative where `one` is older than `other`, positive where it is newer, 0 where they are one version. */
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

/** Without zeros at the end: `1.0` is `1`. */
const withoutZeros = (release: readonly number[]) => release.slice(0, release.findLastIndex((it) => it !== 0) + 1);

/** Digits without leading zeros, and an empty text as 0; any other part of a local label unchanged. */
const plain = (part: string) => (/^\d*$/.test(part) ? part.replace(/^0+/, "") || "0" : part);
