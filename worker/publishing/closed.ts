/** The statuses of a project (PEP 792) that take no more files. */
export const CLOSED: readonly string[] = ["archived", "quarantined"];
