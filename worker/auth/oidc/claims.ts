/** The claims of a token. The issuer may have put any JSON there. */
export type Claims = Readonly<Record<string, unknown>>;

/** Longer values match no pattern with a `*`. Characters. */
const MAX_VALUE = 1_024;

/** Longer values are cut in messages. Characters. */
const MAX_SHOWN = 120;

/**
 * The text that patterns are compared with: a string as it is, any other value as JSON; undefined where the claim is
 * missing.
 */
export function claimText(claims: Claims, claim: string): string | undefined {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return typeof value === "string" ? value : value === undefined ? undefined : JSON.stringify(value);
}

/**
 * Whether a value matches a pattern, as a whole and case-sensitively. A `*` at the end of the pattern matches any
 * printable characters. A `*` elsewhere matches any of them except `/`, `:` and `@`, which separate the parts of these
 * values: a branch name may contain them, and someone who may push a branch could otherwise forge the rest of the value.
 */
export function matchesPattern(pattern: string, value: string): boolean {
  if (!pattern.includes("*")) return value === pattern;
  if (value.length > MAX_VALUE || UNPRINTABLE.test(value)) return false;
  const parts = pattern.replace(/\*+/g, "*").split("*").map(literal);
  const last = parts.pop() ?? "";
  const open = last === "" && parts.length > 0;
  const expression = open ? `${parts.join(WITHIN_PART)}.*` : [...parts, last].join(WITHIN_PART);
  return new RegExp(`^${expression}$`).test(value);
}

/** An expression for the text itself. RegExp.escape is not in Node 22. */
const literal = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

const WITHIN_PART = "[^/:@]*";

/** A claim's value for a message: quoted, cut, and reduced to printable ASCII, because it is printed on terminals. */
export function quotedClaim(text: string | undefined): string {
  if (text === undefined) return "nothing";
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  return JSON.stringify(cut).replace(/[^\x20-\x7e]/g, (character) => escaped(character));
}

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
