import { normalVersion } from "./pep440.ts";

/** Line ends, and control characters, which packaging treats as white space in some places and other readers do not. */
// oxlint-disable-next-line no-control-regex
const NOT_ON_ONE_LINE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/;

const CLAUSE = /^(~=|===|==|!=|<=|>=|<|>)[ \t]*(\S+)$/;

/**
 * Whether the text is a set of version specifiers (PEP 440) on one line, such as `>=3.9, !=3.12.*`, that both packaging and uv
 * accept. The set may be empty, and may end in a comma. Further commas are not accepted: packaging ignores them, but uv refuses the
 * file.
 */
export function isSpecifierSet(text: string): boolean {
  if (NOT_ON_ONE_LINE.test(text)) return false;
  if (text.trim() === "") return true;
  const clauses = text.split(",").map((clause) => clause.trim());
  if (clauses.length > 1 && clauses.at(-1) === "") clauses.pop();
  return clauses.every(isClause);
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

/** Whether the text may precede `.*`: a release only, as in packaging and uv. PEP 440 would allow `1.0a1.*`. */
function isPrefix(version: string): boolean {
  const normal = normalVersion(version);
  return normal !== undefined && /^[\d.!]+$/.test(normal);
}
