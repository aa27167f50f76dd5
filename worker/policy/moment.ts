import { minuteFrom } from "../pypi/minute.ts";

/** `2026-12-01 10:00 UTC`: to the minute, rounded up, so that it is true once it has come. */
export const moment = (at: number): string => `${minuteFrom(at)} UTC`;
