import { compareVersions, normalVersion, parseVersion, type Version } from "./pep440.ts";

/**
 * Tells whether a version fits a set of specifiers; undefined where the text is not a PEP 440 version, of which only
 * `===` can say something. Pre-releases fit like any other version.
 */
export type MatchesVersion = (version: string) => boolean | undefined;

/**
 * Reads a set of version specifiers (PEP 440, "Version specifiers") that `isSpecifierSet` accepts. The empty set fits every
 * text.
 */
export function versionMatcher(specifiers: string): MatchesVersion {
  const clauses = specifiers
    .split(",")
    .map((clause) => clause.trim())
    .filter((clause) => clause !== "")
    .map(clauseOf);
  const fitsAll = (text: string) => {
    const version = parseVersion(text);
    const results = new Set(clauses.map((fits) => fits(text, version)));
    return results.has(false) ? false : results.has(undefined) ? undefined : true;
  };
  // On a page the files of a version stand together.
  let last: { readonly text: string; readonly isFitting: boolean | undefined } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, isFitting: fitsAll(text) };
    return last.isFitting;
  };
}

type Clause = (text: string, version: Version | undefined) => boolean | undefined;

const OPERATOR = /^(~=|===|==|!=|<=|>=|<|>)([^]+)$/;

function clauseOf(clause: string): Clause {
  const [, operator = "", rest = ""] = OPERATOR.exec(clause) ?? [];
  const operand = rest.trim();
  if (operator === "===") return (text) => text.toLowerCase() === operand.toLowerCase();
  const fits = comparison(operator, operand);
  return (_, version) => version && fits(version);
}

function comparison(operator: string, operand: string): (version: Version) => boolean {
  if (operand.endsWith(".*")) {
    const isBelow = hasPrefix(operand.slice(0, -2));
    return operator === "!=" ? (version) => !isBelow(version) : isBelow;
  }
  const wanted = parseVersion(operand);
  if (!wanted) throw new Error(`${operand} is not a version`);
  const order = (version: Version) => compareVersions(withoutLocal(version), wanted);
  const isEqual = (version: Version) =>
    (wanted.key[3]?.length ? compareVersions(version, wanted) : order(version)) === 0;
  switch (operator) {
    case "==":
      return isEqual;
    case "!=":
      return (version) => !isEqual(version);
    case "<=":
      return (version) => order(version) <= 0;
    case ">=":
      return (version) => order(version) >= 0;
    case "<":
      // `<2` does not fit 2.0rc1 ("Exclusive ordered comparison").
      return (version) =>
        order(version) < 0 && (wanted.isPrerelease || !version.isPrerelease || !isSameBase(version, wanted));
    case ">":
      // `>1.7` fits neither 1.7.post1 nor 1.7+local.
      return (version) => order(version) > 0 && (isPost(wanted) || !isPost(version) || !isSameBase(version, wanted));
    case "~=": {
      const isBelow = hasPrefix(releaseOf(operand).split(".").slice(0, -1).join("."));
      return (version) => order(version) >= 0 && isBelow(version);
    }
    default:
      throw new Error(`${operator} is not an operator of PEP 440`);
  }
}

/** The epoch and release of a version: `1!2.0` of `1!2.0rc1`. */
const releaseOf = (text: string) => /^(?:\d+!)?\d+(?:\.\d+)*/.exec(normalVersion(text) ?? "")?.[0] ?? "";

/** Whether a version's epoch and release begin like this one. Missing parts are zeros. */
function hasPrefix(prefix: string): (version: Version) => boolean {
  const [release = "", epoch = "0"] = prefix.split("!").toReversed();
  const numbers = release.split(".").map(Number);
  return ({ key }) => key[0]?.[0] === Number(epoch) && numbers.every((number, at) => number === (key[1]?.[at] ?? 0));
}

const withoutLocal = (version: Version): Version => ({ ...version, key: [...version.key.slice(0, 3), []] });

const isSameBase = (one: Version, other: Version) =>
  [0, 1].every((part) => String(one.key[part]) === String(other.key[part]));

/** The third number of the third part is that of the post-release; -1 where it is none. */
const isPost = ({ key }: Version) => Number(key[2]?.[2]) >= 0;
