import { DAY, inSeconds } from "../../worker/duration.ts";

/** The longest delay of a message. Seconds. */
export const LONGEST_DELAY = inSeconds(DAY);
