import { DAY, HOUR } from "../../duration.ts";
import type { Reading } from "../../repository/ports/history.ts";

/** A span of time that is plotted, and the width of its buckets. Milliseconds. */
export const SPANS = {
  "24h": { length: DAY, width: HOUR, words: "24 hours" },
  "7d": { length: 7 * DAY, width: 6 * HOUR, words: "7 days" },
  "90d": { length: 90 * DAY, width: 3 * DAY, words: "90 days" },
} as const satisfies Record<string, { readonly length: number; readonly width: number; readonly words: string }>;

export type SpanName = keyof typeof SPANS;

/** A part of the span. Times are milliseconds since the epoch. */
export interface Bucket {
  readonly from: number;
  readonly until: number;
  /** The readings at its ends; undefined where there is none that early. */
  readonly before: Reading["figures"] | undefined;
  readonly after: Reading["figures"] | undefined;
}

/**
 * Divides a span that ends now into buckets.
 *
 * @param readings the oldest first; the last is of now
 */
export function bucketsOf(readings: readonly Reading[], span: SpanName, now: number): Bucket[] {
  const { length, width } = SPANS[span];
  const last = Math.ceil(now / width) * width;
  const at = (time: number) => readings.findLast((reading) => reading.at <= time)?.figures;
  return Array.from({ length: Math.round(length / width) }, (_, index) => {
    const until = last - (Math.round(length / width) - 1 - index) * width;
    return { from: until - width, until: Math.min(until, now), before: at(until - width), after: at(until) };
  });
}

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
