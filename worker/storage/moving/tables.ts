/** The tables whose rows are moved, each with the columns of its primary key. */
export const MOVED_TABLES = {
  page: ["source", "project"],
  file: ["source", "project", "url"],
  stray: ["source", "address", "project"],
  provenance: ["source", "project", "filename"],
  object: ["key"],
  popularity: ["source", "project"],
  kind_popularity: ["source", "kind"],
  counter: ["name", "labels"],
  figures: ["at"],
  dead_letter: ["id"],
  mirror_entry: ["source", "pattern", "specifiers"],
  mirror_project: ["source", "project"],
  mirror_requirement: ["source", "project", "required", "specifiers", "extras"],
  unlinked_object: ["object"],
  token: ["id"],
  hosted_project: ["index_name", "project"],
  hosted_file: ["index_name", "project", "identity"],
  hosted_provenance: ["index_name", "sha256", "filename"],
  fork: ["index_name", "project", "version"],
  hosted_use: ["index_name", "project", "version"],
  audit: ["id"],
  policy_entry: ["id"],
  carried_step: ["source", "sequence"],
  carried_object: ["source", "kind", "file"],
  carried_page: ["source", "project"],
  trusted_root: ["id"],
} as const satisfies Record<string, readonly string[]>;

export type MovedTable = keyof typeof MOVED_TABLES;

/** The rows of these exist nowhere else: a database that has some takes no others. */
export const TEAM_TABLES = [
  "token",
  "hosted_project",
  "hosted_file",
  "hosted_provenance",
  "fork",
  "audit",
  "policy_entry",
  "carried_step",
  "carried_object",
  "carried_page",
] as const satisfies MovedTable[];

/**
 * The others, whose rows stay: sums and revisions that triggers make, positions in the stores that are left, deletions that caches compare with, sessions whose parts stay
 * behind, the sum of a day, what receivers were told of, the index of advisories, which is made again, members of a step that is not whole, forks that the job `watch` finds again, and positions in change logs, the key of browsers' sessions, those that were ended, and the forms that were sent. With positions in change logs, these would confirm pages that were stored after the rows
 * were read.
 */
export const LEFT_TABLES = [
  "stored",
  "hosted",
  "revision",
  "listing",
  "job",
  "feed",
  "deleted_page",
  "upload",
  "upload_part",
  "carried_member",
  "outdated_fork",
  "new_bytes",
  "advisory_index",
  "mirror_error",
  "mirror_run",
  "mirror_sum",
  "mirror_verification",
  "mirror_finding",
  "scrub",
  "last_event",
  "notice_position",
  "notice",
  "session_key",
  "ended_session",
  "sent_form",
] as const;

/** A column that triggers set to the revision here: it stays. */
export const LEFT_COLUMN = "changed";

export const isMovedTable = (name: string): name is MovedTable => Object.hasOwn(MOVED_TABLES, name);
