import * as z from "zod/mini";

const DAY_SECONDS = 86_400;

const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["s", 1],
  ["h", 3_600],
  ["d", DAY_SECONDS],
  ["w", 7 * DAY_SECONDS],
  ["y", 365 * DAY_SECONDS],
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
  return at <= now + MAX_YEARS * 366 * DAY_SECONDS * 1_000 ? at : `must be within ${MAX_YEARS} years`;
}

function momentOf(text: string, now: number): number | undefined {
  const [, count, unit = ""] = /^(\d{1,10})([shdwy]?)$/.exec(text) ?? [];
  const seconds = UNITS.get(unit);
  if (count !== undefined && seconds !== undefined) return now + Number(count) * seconds * 1_000;
  return moment.safeParse(text).success ? Date.parse(text) : undefined;
}
