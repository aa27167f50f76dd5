import { compareVersions, parseVersion, type Version } from "../../pypi/pep440.ts";

/** What happens to a project's versions, in the words of the OSV schema. */
export type VersionEvent = Partial<Record<"introduced" | "fixed" | "last_affected" | "limit", string | undefined>>;

/** The events of one range, in any order. */
type Range = readonly VersionEvent[];

/** Positions between two bounds of versions, both of them included. */
interface Interval {
  readonly from: number;
  readonly to: number;
}

/**
 * The versions that the events of some ranges name, in order. A version has a position among them, and a range is then
 * some intervals of positions: to compare a version with any number of ranges takes one binary search.
 */
export class VersionBounds {
  readonly #bounds: readonly Version[];
  /** The versions by their texts; null where a text is not a PEP 440 version. */
  readonly #parsed = new Map<string, Version | null>();

  constructor(ranges: readonly Range[]) {
    const all: Version[] = [];
    for (const text of ranges.flatMap(textsOf)) {
      if (this.#parsed.has(text)) continue;
      const version = parseVersion(text) ?? null;
      this.#parsed.set(text, version);
      if (version) all.push(version);
    }
    const sorted = all.toSorted(compareVersions);
    this.#bounds = sorted.filter(
      (version, at) => at === 0 || compareVersions(version, sorted[at - 1] ?? version) !== 0,
    );
  }

  /** 2n + 1 for the bound n itself, 2n for what lies below it and above the one before. */
  positionOf(version: Version): number {
    let [low, high] = [0, this.#bounds.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const bound = this.#bounds[middle];
      const order = bound ? compareVersions(version, bound) : 0;
      if (order === 0) return 2 * middle + 1;
      if (order < 0) high = middle;
      else low = middle + 1;
    }
    return 2 * low;
  }

  /**
   * The intervals of a range (OSV schema, "Evaluation"); undefined where an event names what is not a PEP 440 version, so
   * that nothing can be said. A range that has no end goes on to Infinity.
   */
  intervalsOf(range: Range): readonly Interval[] | undefined {
    if (textsOf(range).some((text) => !this.#parsed.get(text))) return undefined;
    const limits = range.flatMap(({ limit }) => (limit === undefined ? [] : [this.#at(limit)]));
    // A version is within the limits where it is below any of them.
    const last = limits.length === 0 ? Infinity : Math.max(...limits) - 1;
    const intervals: Interval[] = [];
    let from: number | undefined;
    const end = (to: number) => {
      const cut = Math.min(to, last);
      if (from !== undefined && from <= cut) intervals.push({ from, to: cut });
      from = undefined;
    };
    for (const [position, kinds] of this.#byPosition(range)) {
      const close = () => {
        if (kinds.has("fixed")) end(position - 1);
        else if (kinds.has("last_affected")) end(position);
      };
      // What is fixed and introduced at one version: one range ends there and the next begins (PYSEC-2022-42972). Without a
      // range that ends, it was never affected.
      const wasOpen = from !== undefined;
      if (wasOpen) close();
      if (kinds.has("introduced")) from ??= position;
      if (!wasOpen) close();
    }
    end(Infinity);
    return intervals;
  }

  #byPosition(range: Range) {
    const events = range.flatMap((event) =>
      KINDS.flatMap((kind) => (event[kind] === undefined ? [] : [{ kind, position: this.#at(event[kind]) }])),
    );
    const kinds = Map.groupBy(events, ({ position }) => position);
    return [...kinds]
      .map(([position, found]) => [position, new Set(found.map(({ kind }) => kind))] as const)
      .toSorted(([one], [other]) => one - other);
  }

  #at(text: string): number {
    if (text === BEFORE_ALL) return 0;
    const version = this.#parsed.get(text);
    return version ? this.positionOf(version) : Infinity;
  }
}

const KINDS = ["introduced", "last_affected", "fixed"] as const;

/** Stands for what is below every version: `0.dev0` is below the version 0. */
const BEFORE_ALL = "0";

/** No limit. */
const UNLIMITED = "*";

/** The texts of a range that must be versions. */
const textsOf = (range: Range): string[] =>
  range.flatMap(({ introduced, fixed, last_affected, limit }) =>
    [
      introduced === BEFORE_ALL ? undefined : introduced,
      fixed,
      last_affected,
      limit === UNLIMITED ? undefined : limit,
    ].flatMap((text) => text ?? []),
  );

/** A version that is compared with bounds: without its local label, which upstreams add to builds of one and the same source. */
export function publicOf(text: string): Version | undefined {
  const version = parseVersion(text);
  return version && { ...version, key: [...version.key.slice(0, 3), []] };
}

/** Whether a range has every version: such a one has also what is no PEP 440 version. */
export const isEverything = ({ from, to }: Interval) => from === 0 && to === Infinity;

/** Tells whether a version is in one of some ranges; undefined where that cannot be compared. */
export function affectedBy(ranges: readonly Range[]): (version: string) => boolean | undefined {
  const bounds = new VersionBounds(ranges);
  const read = ranges.map((range) => bounds.intervalsOf(range));
  const intervals = read.flatMap((each) => each ?? []);
  const isWhole = read.every((each) => each !== undefined);
  return (text) => {
    if (intervals.some(isEverything)) return true;
    const version = publicOf(text);
    if (!version) return ranges.length === 0 ? false : undefined;
    const position = bounds.positionOf(version);
    if (intervals.some(({ from, to }) => from <= position && position <= to)) return true;
    return isWhole ? false : undefined;
  };
}
