/** A time for people, to the minute: `2026-01-31 14:05`. `iso` is ISO 8601 in UTC. */
export const minute = (iso: string) => iso.slice(0, 16).replace("T", " ");
