import type { ProjectName } from "../pypi/name.ts";

/** Where a name has what is searched for: the whole of it, its beginning, the beginning of a later word, or anywhere. */
export type MatchKind = "exact" | "prefix" | "word" | "part";

export interface NameMatch {
  readonly name: ProjectName;
  readonly kind: MatchKind;
}

/** So many of each kind are found; more are not told apart from the rest. */
const MAX_OF_A_KIND = 200;

/** A text that stands more often than this is searched for once more, at the beginnings of names and of words alone. */
const MAX_LOOKED_AT = 3_000;

/**
 * The names that have a text in them. The names are hundreds of thousands, so that none of them is looked at one by one: the text is
 * searched for in all of them at once.
 *
 * @param names each in a line of its own, with a line end behind the last
 * @param wanted in the form of a normalized name
 */
export function matchingNames(names: string, wanted: string): NameMatch[] {
  const found = new Map<string, MatchKind>();
  const counts: Record<MatchKind, number> = { exact: 0, prefix: 0, word: 0, part: 0 };
  /** Looks at the names in which the text stands; returns whether these are all. */
  const gather = (text: string, max: number): boolean => {
    let left = max;
    for (let at = names.indexOf(text); at !== -1; left--) {
      if (left === 0) return false;
      const inside = at + (text.length - wanted.length);
      const start = names.lastIndexOf("\n", inside - 1) + 1;
      const end = names.indexOf("\n", inside);
      const name = names.slice(start, end);
      const kind = kindOfMatch(name, wanted);
      if (!found.has(name) && counts[kind] < MAX_OF_A_KIND) {
        counts[kind] += 1;
        found.set(name, kind);
      }
      at = names.indexOf(text, end);
    }
    return true;
  };
  if (!gather(wanted, MAX_LOOKED_AT)) {
    gather(`\n${wanted}`, MAX_LOOKED_AT);
    gather(`-${wanted}`, MAX_OF_A_KIND);
    if (names.includes(`\n${wanted}\n`)) found.set(wanted, "exact");
  }
  return [...found].map(([name, kind]) => ({ name: name as ProjectName, kind }));
}

function kindOfMatch(name: string, wanted: string): MatchKind {
  if (name === wanted) return "exact";
  if (name.startsWith(wanted)) return "prefix";
  return name.includes(`-${wanted}`) ? "word" : "part";
}

/** Of a longer name the pattern would be slow. Characters. */
const MAX_LENGTH = 40;

const MAX_SIMILAR = 50;

/** The names that differ from one by a character: another, one more, one less, two that changed places. */
export function similarNames(names: string, wanted: string): ProjectName[] {
  if (wanted.length < 3 || wanted.length > MAX_LENGTH || !/^[a-z0-9-]+$/.test(wanted)) return [];
  const edits = Array.from({ length: wanted.length + 1 }, (_, at) => {
    const [before, here, next, after] = [wanted.slice(0, at), wanted[at], wanted[at + 1], wanted.slice(at + 1)];
    return [
      `${before}.${wanted.slice(at)}`,
      ...(here === undefined ? [] : [`${before}.${after}`, `${before}${after}`]),
      ...(here !== undefined && next !== undefined && here !== next
        ? [`${before}${next}${here}${wanted.slice(at + 2)}`]
        : []),
    ];
  });
  const pattern = new RegExp(`^(?:${[...new Set(edits.flat())].join("|")})$`, "gm");
  const found: ProjectName[] = [];
  for (const [name] of names.matchAll(pattern)) {
    if (name !== wanted) found.push(name as ProjectName);
    if (found.length >= MAX_SIMILAR) break;
  }
  return found;
}
