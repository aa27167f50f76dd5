/** Something that went wrong behind an answer, reported once, where it happened. */
export interface Event {
  readonly event:
    | "upstream-failed"
    | "file-refused"
    | "file-replaced"
    | "upstream-changed"
    | "stored-file-blocked"
    | "object-damaged"
    | "storage-failed"
    | "queue-failed"
    | "fill-dropped"
    | "fill-delayed"
    | "refresh-dropped"
    | "refresh-delayed"
    | "mirror-dropped"
    | "mirror-delayed"
    | "provenance-delayed"
    | "notice-dropped"
    | "notice-delayed"
    | "message-died"
    | "feed-failed"
    | "feed-recovered"
    | "job-failed"
    | "advisories-failed"
    | "auth-failed";
  readonly what: string;
  readonly reason: string;
}
