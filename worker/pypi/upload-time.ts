import { MINUTE, SECOND } from "../duration.ts";
import { upstreamValue, type FileEntry } from "./page.ts";

/** A time of RFC 3339, 5.6: `T` and `Z` may be in lower case, and a space may replace `T`. */
const TIME =
  /^(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d{1,100}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/**
 * Converts a time in any form of RFC 3339 to that of pages (PEP 700): in UTC, with `Z`. The fraction has no, three or six digits:
 * pip also runs on Python before 3.11, which reads no others. Undefined where the text is not a time, or has no time zone.
 */
export function uploadTime(text: string): string | undefined {
  const [, day, hour, minute, second, fraction, sign, hours, minutes] = TIME.exec(text) ?? [];
  const start = day === undefined ? Number.NaN : Date.parse(`${day}T${hour}:${minute}:00Z`);
  // `Date.parse` turns 30 February into another day.
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day) return undefined;
  const offset = sign === undefined ? 0 : (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  const utc = new Date(start + Number(second) * SECOND - offset * MINUTE);
  const year = utc.getUTCFullYear();
  // The range of Python's datetime.
  if (year < 1 || year > 9999) return undefined;
  return `${utc.toISOString().slice(0, 19)}${fractionOf(fraction)}Z`;
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
