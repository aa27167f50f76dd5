import { MINUTE } from "../duration.ts";

/** `2026-12-01 10:00 UTC`: to the minute, rounded up, so that it is true once it has come. */
export function moment(at: number): string {
  const minute = new Date(Math.ceil(at / MINUTE) * MINUTE).toISOString();
  return `${minute.slice(0, 10)} ${minute.slice(11, 16)} UTC`;
}
