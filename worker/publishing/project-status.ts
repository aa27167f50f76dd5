/** The project statuses (PEP 792) in which a project takes no files. */
export const STATUSES_WITHOUT_UPLOADS: readonly string[] = ["archived", "quarantined"];
