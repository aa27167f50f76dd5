import { expiryOf } from "../../../schema/expiry.ts";
import { IndexError } from "../../errors.ts";

/** When something ends that a request's `expires` is of. Milliseconds since the epoch. Throws `unprocessable`. */
export function readExpiry(expires: string | number, now: number): number {
  const at = expiryOf(expires, now);
  if (typeof at === "number") return at;
  throw new IndexError("unprocessable", `The request cannot be read: expires ${at}.`);
}

/** A time as the API shows it, ISO 8601. */
export const isoOf = (at: number) => new Date(at).toISOString();

/** The same; null where there is none. */
export const isoOrNull = (at: number | undefined) => (at === undefined ? null : isoOf(at));
