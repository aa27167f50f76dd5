import { isSpecifierSet } from "./specifiers.ts";
import { versionMatcher } from "./version-match.ts";

/**
 * What is known of an environment, by the names of markers: the values that each may have. A name that is left out can have
 * any value.
 */
export type MarkerEnvironment = Readonly<Record<string, readonly string[]>>;

/** Tells whether a marker holds; undefined where that depends on what is not known. */
export type Marker = (environment: MarkerEnvironment, extras: ReadonlySet<string>) => boolean | undefined;

/** More parts than any real marker has: each opening parenthesis is a call. */
const MAX_TOKENS = 500;

const TOKEN = /\s*(?:(\(|\))|(<=|>=|==|!=|~=|===|<|>)|"([^"]*)"|'([^']*)'|([A-Za-z_][\w.]*))/y;

/** Names from before PEP 508. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  "os.name": "os_name",
  "sys.platform": "sys_platform",
  "platform.version": "platform_version",
  "platform.machine": "platform_machine",
  "platform.python_implementation": "platform_python_implementation",
  python_implementation: "platform_python_implementation",
};

type Token = { readonly kind: "sign" | "text" | "name"; readonly text: string };

/** Reads a marker (PEP 508, "Environment Markers"); undefined where it cannot be read. */
export function parseMarker(text: string): Marker | undefined {
  const tokens = tokensOf(text);
  if (!tokens || tokens.length === 0 || tokens.length > MAX_TOKENS) return undefined;
  let at = 0;
  const take = (wanted: string) => {
    const found = tokens[at]?.kind !== "text" && tokens[at]?.text === wanted;
    if (found) at++;
    return found;
  };
  const joined = (word: "and" | "or", next: () => Marker | undefined): Marker | undefined => {
    const parts: Marker[] = [];
    do {
      const marker = next();
      if (!marker) return undefined;
      parts.push(marker);
    } while (take(word));
    const decisive = word === "or";
    return (environment, extras) => {
      const results = new Set(parts.map((part) => part(environment, extras)));
      return results.has(decisive) ? decisive : results.has(undefined) ? undefined : !decisive;
    };
  };
  const any = (): Marker | undefined => joined("or", () => joined("and", single));
  const single = (): Marker | undefined => {
    if (!take("(")) return comparison();
    const inner = any();
    return inner && take(")") ? inner : undefined;
  };
  const comparison = (): Marker | undefined => {
    const left = tokens[at++];
    const negated = take("not");
    const operator = tokens[at++]?.text;
    const right = tokens[at++];
    if (!left || !right || operator === undefined || (negated && operator !== "in")) return undefined;
    return compared(left, negated ? "not in" : operator, right);
  };
  const whole = any();
  return at === tokens.length ? whole : undefined;
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const found = pattern.exec(text);
    if (!found) return undefined;
    const [, bracket, operator, double, single, name] = found;
    const quoted = double ?? single;
    if (quoted !== undefined) tokens.push({ kind: "text", text: quoted });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else tokens.push({ kind: "sign", text: bracket ?? operator ?? "" });
  }
  return tokens;
}

const OPERATORS = new Set(["<=", ">=", "==", "!=", "~=", "===", "<", ">", "in", "not in"]);

function compared(left: Token, operator: string, right: Token): Marker | undefined {
  if (!OPERATORS.has(operator) || left.kind === "sign" || right.kind === "sign") return undefined;
  if (left.text === "extra" || right.text === "extra") {
    const wanted = normalExtra(left.text === "extra" ? right.text : left.text);
    return operator === "!=" ? (_, extras) => !extras.has(wanted) : (_, extras) => extras.has(wanted);
  }
  const [ofLeft, ofRight] = [valuesOf(left), valuesOf(right)];
  return (environment) => {
    const [ones, others] = [ofLeft(environment), ofRight(environment)];
    if (!ones || !others) return undefined;
    const results = new Set(ones.flatMap((one) => others.map((other) => holds(one, operator, other))));
    return results.size === 1 ? results.has(true) : undefined;
  };
}

/** An extra's name is compared as a project's (PEP 685). */
export const normalExtra = (text: string) => text.replace(/[-_.]+/g, "-").toLowerCase();

function valuesOf({ kind, text }: Token): (environment: MarkerEnvironment) => readonly string[] | undefined {
  if (kind === "text") return () => [text];
  const name = OLD_NAMES[text] ?? text;
  return (environment) => environment[name];
}

/** As versions where the right side makes specifiers, else as texts (PEP 508). */
function holds(one: string, operator: string, other: string): boolean {
  if (operator === "in") return other.includes(one);
  if (operator === "not in") return !other.includes(one);
  const specifiers = `${operator}${other}`;
  const asVersion = isSpecifierSet(specifiers) ? versionMatcher(specifiers)(one) : undefined;
  if (asVersion !== undefined) return asVersion;
  if (operator === "==" || operator === "===") return one === other;
  if (operator === "!=") return one !== other;
  if (operator === "<" || operator === "<=") return operator === "<" ? one < other : one <= other;
  return operator === ">" ? one > other : one >= other;
}
