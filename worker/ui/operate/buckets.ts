import { DAY, HOUR, MINUTE } from "../../duration.ts";
import type { Reading } from "../../repository/ports/history.ts";

interface Span {
  readonly length: number;
  /** The width of its buckets. */
  readonly width: number;
  /** It ends at the next multiple of this. */
  readonly ends: number;
  readonly words: string;
}

/** The spans of time that are plotted. Milliseconds; days are UTC's. */
export const SPANS = {
  today: { length: DAY, width: HOUR, ends: DAY, words: "Today" },
  "24h": { length: DAY, width: HOUR, ends: HOUR, words: "24 hours" },
  "7d": { length: 7 * DAY, width: 6 * HOUR, ends: 6 * HOUR, words: "7 days" },
  "90d": { length: 90 * DAY, width: 3 * DAY, ends: 3 * DAY, words: "90 days" },
} as const satisfies Record<string, Span>;

export type SpanName = keyof typeof SPANS;

/** A part of the span. Times are milliseconds since the epoch. */
export interface Bucket {
  readonly from: number;
  readonly until: number;
  /** The readings at its ends; undefined where there is none that early. */
  readonly before: Reading["figures"] | undefined;
  readonly after: Reading["figures"] | undefined;
}

/** The reading of an hour is kept when its jobs have been done: so long after it at most. */
const LATE = 5 * MINUTE;

/**
 * Divides a span into buckets; the one that now is in may be followed by empty ones. Where there is no reading at the beginning of a
 * bucket or before it, the first one within it counts.
 *
 * @param readings the oldest first; the last is of now
 */
export function bucketsOf(readings: readonly Reading[], span: SpanName, now: number): Bucket[] {
  const { length, width, ends } = SPANS[span];
  const begin = (Math.floor(now / ends) + 1) * ends - length;
  const kept = readings.slice(0, -1);
  const at = (time: number) =>
    kept.find((reading) => reading.at >= time && reading.at <= time + LATE) ??
    readings.findLast((reading) => reading.at <= time);
  return Array.from({ length: length / width }, (_, index) => {
    const from = begin + index * width;
    const until = from + width;
    if (from >= now) return { from, until, before: undefined, after: undefined };
    const after = at(until);
    const before = at(from) ?? (after === kept[0] ? undefined : kept[0]);
    return { from, until: Math.min(until, now), before: after && before?.figures, after: after?.figures };
  });
}

/** All that was counted until now, as one bucket: before the counters began there was nothing. */
export const sinceTheBeginning = ({ at, figures }: Reading): Bucket => ({
  from: at,
  until: at,
  before: {},
  after: figures,
});

/** Whether it is known what was counted within one of the buckets. */
export const areKnown = (buckets: readonly Bucket[]): boolean => buckets.some(({ before, after }) => before && after);

/**
 * By how much a sum of counters rose within a bucket; null where that is not known. A sum that is lower than before is one of a
 * database that was restored: what it has counts as new.
 */
export function increase({ before, after }: Bucket, figure: string): number | null {
  if (!before || !after) return null;
  const [had, has] = [before[figure] ?? 0, after[figure] ?? 0];
  return has >= had ? has - had : has;
}

/** The same of several figures together. */
export const increaseOf = (bucket: Bucket, figures: readonly string[]): number | null =>
  figures.reduce<number | null>((sum, figure) => {
    const more = increase(bucket, figure);
    return sum === null || more === null ? null : sum + more;
  }, 0);

/** The value of a gauge at the end of a bucket; null where it is not known. */
export const valueOf = ({ after }: Bucket, figure: string): number | null => after?.[figure] ?? null;

/** The sum of what is known. */
export const sumOf = (values: readonly (number | null)[]): number =>
  values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
