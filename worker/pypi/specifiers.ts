import { normalVersion } from "./pep440.ts";

const CLAUSE = /^(~=|===|==|!=|<=|>=|<|>)[ \t]*(\S+)$/;

/**
 * Whether the text is a set of version specifiers (PEP 440), such as `>=3.9, !=3.12.*`, on one line. As packaging takes it,
 * commas too many do no harm, and the empty set is one.
 */
export function isSpecifierSet(text: string): boolean {
  if (/[\r\n]/.test(text)) return false;
  return text
    .split(",")
    .map((clause) => clause.trim())
    .every((clause) => clause === "" || isClause(clause));
}

function isClause(clause: string): boolean {
  const [, operator, version = ""] = CLAUSE.exec(clause) ?? [];
  if (operator === "===") return /^[^;()]+$/.test(version);
  const isEquality = operator === "==" || operator === "!=";
  if (isEquality && version.endsWith(".*")) return isPrefix(version.slice(0, -2));
  const normal = normalVersion(version);
  if (operator === undefined || normal === undefined) return false;
  if (operator === "~=" && !/^(?:\d+!)?\d+\.\d+/.test(normal)) return false;
  return isEquality || !normal.includes("+");
}

/** What may stand before `.*`: no development release and no local label. */
function isPrefix(version: string): boolean {
  const normal = normalVersion(version);
  return normal !== undefined && !/\.dev|\+/.test(normal);
}
