import * as z from "zod/mini";
import { DAY, HOUR, SECOND, WEEK, YEAR } from "../worker/duration.ts";

const UNITS: ReadonlyMap<string, number> = new Map([
  ["", SECOND],
  ["s", SECOND],
  ["h", HOUR],
  ["d", DAY],
  ["w", WEEK],
  ["y", YEAR],
]);

/** A longer expiry is refused: such a token is forgotten before it expires. */
const MAX_YEARS = 5;

const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/** The accepted forms of an expiry, for messages. */
export const EXPIRY =
  'a date ("2027-01-31", which is its first moment, or "2027-01-31T18:00:00Z"), or a time from now ("12h", "30d", "8w", "1y", or seconds)';

/**
 * Parses an expiry. Returns milliseconds since the epoch, or what is wrong with the text.
 *
 * @param now milliseconds since the epoch
 */
export function expiryOf(said: string | number, now: number): number | string {
  const at = momentOf(String(said).trim(), now);
  if (at === undefined) return `must be ${EXPIRY}`;
  if (at <= now) return "must be in the future";
  return at <= now + MAX_YEARS * 366 * DAY ? at : `must be within ${MAX_YEARS} years`;
}

function momentOf(text: string, now: number): number | undefined {
  const [, count, unit = ""] = /^(\d{1,10})([shdwy]?)$/.exec(text) ?? [];
  const duration = UNITS.get(unit);
  if (count !== undefined && duration !== undefined) return now + Number(count) * duration;
  return moment.safeParse(text).success ? Date.parse(text) : undefined;
}
