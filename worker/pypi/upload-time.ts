import { MINUTE, SECOND } from "../duration.ts";
import { upstreamValue, type FileEntry } from "./page.ts";

/** A time of RFC 3339, 5.6: `T` and `Z` may be in lower case, and a space may replace `T`. */
const TIME =
  /^(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d{1,100}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** A time in the form of pages, which PyPI and most indexes send: nothing is to be converted. */
const AS_ON_PAGES = /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3}|\.\d{6})?Z$/;

/**
 * Converts a time in any form of RFC 3339 to that of pages (PEP 700): in UTC, with `Z`. The fraction has no, three or six digits:
 * pip also runs on Python before 3.11, which reads no others. Undefined where the text is not a time, or has no time zone.
 */
export function uploadTime(text: string): string | undefined {
  // A large page has thousands of them.
  const [, dayAsIs] = AS_ON_PAGES.exec(text) ?? [];
  if (dayAsIs !== undefined && !dayAsIs.startsWith("0000")) return isDay(dayAsIs) ? text : undefined;
  const [, day, hour, minute, second, fraction, sign, hours, minutes] = TIME.exec(text) ?? [];
  if (day === undefined || !isDay(day)) return undefined;
  const start = Date.parse(`${day}T${hour}:${minute}:00Z`);
  const offset = sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  const utc = new Date(start + Number(second) * SECOND - offset * MINUTE);
  const year = utc.getUTCFullYear();
  // The range of Python's datetime.
  if (year < 1 || year > 9999) return undefined;
  return `${utc.toISOString().slice(0, 19)}${fractionOf(fraction)}Z`;
}

/** Whether the calendar has the day, written as 2026-02-28. */
function isDay(text: string): boolean {
  const [month, day] = [Number(text.slice(5, 7)), Number(text.slice(8))];
  if (month < 1 || month > 12 || day < 1) return false;
  // `Date.parse` turns 30 February into another day.
  return day <= 28 || new Date(Date.parse(`${text}T00:00:00Z`)).getUTCDate() === day;
}

function fractionOf(digits: string | undefined): string {
  if (digits === undefined) return "";
  return `.${digits.length === 3 ? digits : digits.slice(0, 6).padEnd(6, "0")}`;
}

/** When the file was uploaded, as its own upstream says: milliseconds since the epoch; null where it does not say. */
export function uploadedAtOf(entry: FileEntry): number | null {
  const at = Date.parse(upstreamValue(entry, "upload-time") ?? "");
  return Number.isNaN(at) ? null : at;
}
