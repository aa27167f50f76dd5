import { canonicalVersion, publicVersion } from "../../pypi/pep440.ts";
import { isEverything, publicOf, VersionBounds } from "./ranges.ts";
import type { AdvisoryEntry } from "./record.ts";
import { worse, type Severity } from "./severity.ts";

/** One advisory about a project, put together from all records that name each other, or the same CVE, as aliases. */
export interface Advisory {
  /** The record that people are shown: of malware, of GitHub, of PyPA, else the first. */
  readonly id: string;
  /** All other names of it. */
  readonly aliases: readonly string[];
  /** The ids of the records that it is made of. */
  readonly records: readonly string[];
  readonly isMalware: boolean;
  /** undefined: no record says it. */
  readonly severity: Severity | undefined;
  /** When the first of its records was published. Milliseconds since the epoch. */
  readonly publishedAt: number | undefined;
}

/** What is known of the versions of one project. */
export interface Advisories {
  readonly all: readonly Advisory[];
  /** The advisories by which a version, as a filename has it, is affected. */
  readonly affecting: (version: string) => readonly Advisory[];
  /** Those of which that cannot be told: the version, or what the record compares it with, is not of PEP 440. */
  readonly undecided: (version: string) => readonly Advisory[];
}

/** Where people read about an advisory. */
export const advisoryUrl = (id: string) => `https://osv.dev/vulnerability/${encodeURIComponent(id)}`;

/** Most projects have none. */
const NOTHING: Advisories = { all: [], affecting: () => [], undecided: () => [] };

interface Verdict {
  readonly affecting: readonly Advisory[];
  readonly undecided: readonly Advisory[];
}

/** Reads the entries of one project. Whatever they have in them, it throws nothing. */
export function advisoriesOf(entries: readonly AdvisoryEntry[]): Advisories {
  if (entries.length === 0) return NOTHING;
  const bounds = new VersionBounds(entries.flatMap(({ ranges }) => ranges ?? []));
  const listed = new Map<string, Set<Advisory>>();
  const ranged = groupsOf(entries).map((group) => {
    const advisory = advisoryOf(group);
    for (const version of group.flatMap(({ versions }) => versions ?? [])) {
      const key = canonicalVersion(version);
      listed.set(key, (listed.get(key) ?? new Set()).add(advisory));
    }
    const read = group.flatMap(({ ranges }) => ranges ?? []).map((range) => bounds.intervalsOf(range));
    const intervals = read.flatMap((each) => each ?? []);
    return {
      advisory,
      intervals,
      isAlways: intervals.some(isEverything),
      hasRanges: read.length > 0,
      isWhole: read.every((each) => each !== undefined),
    };
  });
  const positions = new Map<number, Verdict>();

  /** By the ranges; a position has one verdict, and there are few of them. */
  function atPosition(position: number): Verdict {
    const known = positions.get(position);
    if (known) return known;
    const isIn = ({ from, to }: { from: number; to: number }) => from <= position && position <= to;
    const made = verdictOf(ranged, ({ intervals, isWhole }) =>
      intervals.some(isIn) ? true : isWhole ? false : undefined,
    );
    positions.set(position, made);
    return made;
  }

  const unread = verdictOf(ranged, ({ isAlways, hasRanges }) => (isAlways ? true : hasRanges ? undefined : false));

  function verdictOn(text: string): Verdict {
    const version = publicOf(text);
    const { affecting, undecided } = version ? atPosition(bounds.positionOf(version)) : unread;
    const key = canonicalVersion(text);
    const named = [...(listed.get(key) ?? []), ...(listed.get(publicVersion(key)) ?? [])];
    if (named.length === 0) return { affecting, undecided };
    const both = new Set([...affecting, ...named]);
    return { affecting: [...both], undecided: undecided.filter((it) => !both.has(it)) };
  }

  return {
    all: ranged.map(({ advisory }) => advisory),
    affecting: (version) => verdictOn(version).affecting,
    undecided: (version) => verdictOn(version).undecided,
  };
}

function verdictOf<Named extends { readonly advisory: Advisory }>(
  groups: readonly Named[],
  test: (group: Named) => boolean | undefined,
): Verdict {
  const [affecting, undecided]: [Advisory[], Advisory[]] = [[], []];
  for (const group of groups) {
    const result = test(group);
    if (result !== false) (result ? affecting : undecided).push(group.advisory);
  }
  return { affecting, undecided };
}

/** Entries that are one advisory, with all their names. */
interface Group {
  readonly names: Set<string>;
  readonly entries: AdvisoryEntry[];
}

/** The entries that share a name with each other, directly or by way of others. */
function groupsOf(entries: readonly AdvisoryEntry[]): AdvisoryEntry[][] {
  const groups = new Set<Group>();
  const byName = new Map<string, Group>();
  for (const entry of entries) {
    const own = { names: new Set([entry.id, ...(entry.aliases ?? [])]), entries: [entry] };
    const joined = new Set([...own.names].flatMap((name) => byName.get(name) ?? []));
    for (const other of joined) {
      own.entries.unshift(...other.entries);
      for (const name of other.names) own.names.add(name);
      groups.delete(other);
    }
    groups.add(own);
    for (const name of own.names) byName.set(name, own);
  }
  return [...groups].map((group) => group.entries);
}

const PREFERRED = ["MAL-", "GHSA-", "PYSEC-"];

function advisoryOf(group: readonly AdvisoryEntry[]): Advisory {
  const records = group.map(({ id }) => id).toSorted((one, other) => rankOf(one) - rankOf(other));
  const [id = ""] = records;
  const names = new Set([...records, ...group.flatMap(({ aliases }) => aliases ?? [])]);
  const times = group.flatMap(({ published }) => published ?? []);
  names.delete(id);
  return {
    id,
    aliases: [...names],
    records,
    isMalware: group.some(({ malware }) => malware === true),
    severity: group.reduce<Severity | undefined>((worst, { severity }) => worse(worst, severity), undefined),
    publishedAt: times.length === 0 ? undefined : Math.min(...times),
  };
}

function rankOf(id: string): number {
  const rank = PREFERRED.findIndex((prefix) => id.startsWith(prefix));
  return rank === -1 ? PREFERRED.length : rank;
}
