import { MINUTE } from "../duration.ts";

/** A clock and a timer. Milliseconds. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

/** When nothing has been read or stored for so long, the waiting ends. Milliseconds. */
export const LONGEST_WAIT = 5 * MINUTE;
