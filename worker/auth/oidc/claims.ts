/** What a token says of its holder; whoever signed it may have put anything there. */
export type Claims = Readonly<Record<string, unknown>>;

/** A longer value fits no pattern with a `*`. Characters. */
const MAX_VALUE = 1_024;

/** More of a value is not shown. Characters. */
const MAX_SHOWN = 120;

/** A claim's value as patterns are compared with it: a text itself, all else as JSON; undefined where there is none. */
export function textOf(claims: Claims, claim: string): string | undefined {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return typeof value === "string" ? value : value === undefined ? undefined : JSON.stringify(value);
}

/**
 * Whether a value is one that `pattern` means, as a whole and in the same case. A `*` at the end stands for any printable
 * characters. One before that stands for any of them but `/`, `:` and `@`, which divide these values: the name of a branch may
 * hold those, and whoever may push one could put the rest of the pattern into it.
 */
export function fits(pattern: string, value: string): boolean {
  if (!pattern.includes("*")) return value === pattern;
  if (value.length > MAX_VALUE || UNPRINTABLE.test(value)) return false;
  const parts = pattern.replace(/\*+/g, "*").split("*").map(RegExp.escape);
  const last = parts.pop() ?? "";
  const open = last === "" && parts.length > 0;
  const expression = open ? `${parts.join(WITHIN)}.*` : [...parts, last].join(WITHIN);
  return new RegExp(`^${expression}$`).test(value);
}

const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

const WITHIN = "[^/:@]*";

/** A claim's value for a sentence: in quotes, bounded, and of printable ASCII alone, since it ends up on a terminal. */
export function shown(text: string | undefined): string {
  if (text === undefined) return "nothing";
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  return JSON.stringify(cut).replace(/[^\x20-\x7e]/g, (character) => escaped(character));
}

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
