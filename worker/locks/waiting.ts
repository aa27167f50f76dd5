import { MINUTE } from "../duration.ts";
import type { IndexError } from "../errors.ts";

/** A clock and a timer. Milliseconds. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** When nothing has been read or stored for so long, the waiting ends. Milliseconds. */
export const LONGEST_WAIT = 5 * MINUTE;

/** Whether a failure may pass by itself: what failed gave no answer, or one that says "not now". */
export const mayPass = ({ kind, answered = 503 }: IndexError): boolean =>
  kind !== "unprocessable" && (answered === 408 || answered === 429 || answered >= 500);
