/** A piece of a regular expression, as far as texts can be made for it. */
type Piece = { readonly set: string } | { readonly group: readonly Item[][] } | "nothing";

interface Item {
  readonly piece: Piece;
  readonly min: number;
  readonly max: number;
}

/** What samples of a set are taken from. */
const ALPHABET = "a0./-_ %:@=#\"'\\\t\n\r,;(){}[]<>*+!?~A2fe\u00e9\u0000\u202e".split("");

/** Samples of a set that are tried; pairs of them are as well. */
const MAX_SAMPLES = 6;

/** Ways to lead to a piece that are tried. */
const MAX_HEADS = 4;

/** Behind what is repeated: what lets an expression fail that got so far. */
const ENDS = ["", "0", "\u0000", "a\n\u0000"];

/** A text that grows: `head`, then `unit` again and again, then `tail`. */
export interface Growing {
  readonly head: string;
  readonly unit: string;
  readonly tail: string;
}

/**
 * Texts that make a backtracking matcher try again, for each piece of the expression that may be repeated without bound: what
 * leads there and the piece over and over, the two together over and over, and the piece alone.
 */
export function* hostileTexts({ source, flags }: RegExp): Generator<Growing> {
  for (const { heads, units } of repeated(parsed(source), [""], flags.replace(/[gy]/g, ""))) {
    for (const unit of units) {
      for (const tail of ENDS) {
        for (const head of ["", "\u0000"]) yield { head, unit, tail };
        for (const head of heads.filter((it) => it !== "")) {
          yield { head, unit, tail };
          yield { head: "", unit: head + unit, tail };
        }
      }
    }
    for (const head of heads) yield { head: "", unit: head, tail: "" };
  }
}

/** What leads to each piece that is repeated without bound, in some ways, and samples of it; those within groups too. */
function* repeated(
  alternatives: readonly Item[][],
  before: readonly string[],
  flags: string,
): Generator<{ heads: readonly string[]; units: string[] }> {
  for (const sequence of alternatives) {
    let heads = before;
    for (const { piece, min, max } of sequence) {
      const samples = samplesOf(piece, flags);
      if (max === Infinity) {
        const some = samples.slice(0, MAX_SAMPLES);
        const pairs = some.flatMap((one) => some.filter((it) => it !== one).map((it) => one + it));
        yield { heads, units: [...samples, ...pairs] };
      }
      const isGroup = piece !== "nothing" && "group" in piece;
      if (isGroup) yield* repeated(piece.group, heads, flags);
      const ways = isGroup ? samples : samples.slice(0, 1);
      heads = heads.flatMap((head) => ways.map((sample) => head + sample.repeat(Math.max(1, min)))).slice(0, MAX_HEADS);
    }
  }
}

function samplesOf(piece: Piece, flags: string): string[] {
  if (piece === "nothing") return [""];
  if ("set" in piece) {
    const one = new RegExp(`^(?:${piece.set})$`, flags);
    // A letter of a word stands for itself.
    return [...new Set([...ALPHABET, piece.set.at(-1) ?? ""])].filter((character) => one.test(character));
  }
  return [...new Set(piece.group.flatMap((sequence) => sequenceSamples(sequence, flags)))];
}

/** A sample of each piece, one behind the other, and then each of the pieces in all its samples. */
function sequenceSamples(sequence: readonly Item[], flags: string): string[] {
  const samples = sequence.map(({ piece, min }) => samplesOf(piece, flags).map((it) => it.repeat(Math.max(1, min))));
  const join = (changed: number, sample: string) =>
    samples.map((own, at) => (at === changed ? sample : (own[0] ?? ""))).join("");
  return samples.flatMap((own, at) => own.map((sample) => join(at, sample)));
}

const ESCAPE = /\\(?:u\{[\da-f]+\}|u[\da-f]{4}|x[\da-f]{2}|[pP]\{[^}]*\}|k<[^>]*>|[^])/iy;
const CLASS = /\[(?:\\[^]|[^\]\\])*\]/y;
const GROUP = /\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?/y;
const QUANTIFIER = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y;

/** The alternatives of an expression. */
function parsed(source: string): Item[][] {
  let at = 0;
  const take = (expression: RegExp) => {
    expression.lastIndex = at;
    const match = expression.exec(source);
    if (match) at += match[0].length;
    return match;
  };

  const piece = (): Piece => {
    const escape = take(ESCAPE)?.[0];
    if (escape !== undefined) return /^\\(?:[bB\d]|k<)/.test(escape) && escape !== "\\0" ? "nothing" : { set: escape };
    const set = take(CLASS)?.[0];
    if (set !== undefined) return { set };
    const opened = take(GROUP)?.[0];
    if (opened !== undefined) {
      const group = alternatives();
      at++;
      return /^\(\?<?!/.test(opened) ? "nothing" : { group };
    }
    const character = source[at++] ?? "";
    return character === "^" || character === "$" ? "nothing" : { set: character };
  };

  const alternatives = (): Item[][] => {
    const all: Item[][] = [[]];
    while (at < source.length && source[at] !== ")") {
      if (source[at] === "|") {
        at++;
        all.push([]);
        continue;
      }
      const next = piece();
      const [, sign, least, comma, most] = take(QUANTIFIER) ?? [];
      const min = sign === undefined ? Number(least ?? 1) : sign === "+" ? 1 : 0;
      const endless = sign === undefined ? comma === "," && most === "" : sign !== "?";
      const max = endless ? Infinity : sign === "?" ? 1 : Number(most === undefined || most === "" ? min : most);
      all.at(-1)?.push({ piece: next, min, max });
    }
    return all;
  };
  return alternatives();
}
