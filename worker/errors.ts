/** Every way in which an answer can fail. The set is closed: a new failure is a new row here. */
const KINDS = {
  "bad-request": { status: 400, title: "Bad request" },
  "not-authenticated": { status: 401, title: "Not authenticated" },
  "not-allowed": { status: 403, title: "Not allowed" },
  "refused-upstream": { status: 403, title: "Refused by the upstream" },
  "wrong-bytes": { status: 403, title: "Other bytes than the page lists" },
  "file-blocked": { status: 403, title: "Refused by the index's policy" },
  "project-not-found": { status: 404, title: "Project not found" },
  "file-not-found": { status: 404, title: "File not found" },
  "document-not-found": { status: 404, title: "Document not found" },
  "upload-not-found": { status: 404, title: "Upload not found" },
  "no-such-route": { status: 404, title: "Not found" },
  "method-not-allowed": { status: 405, title: "Method not allowed" },
  "file-exists": { status: 409, title: "Conflict" },
  "form-sent-before": { status: 409, title: "Sent before" },
  "not-next": { status: 409, title: "Not the next step" },
  "too-large": { status: 413, title: "Too large" },
  unprocessable: { status: 422, title: "Cannot be processed" },
  "too-many-attempts": { status: 429, title: "Too many attempts" },
  "too-many-requests": { status: 429, title: "Too many requests" },
  // With 404 uv would ask the next index for the project, and of a page's 403 it does not print the body.
  "project-blocked": { status: 451, title: "Refused by the index's policy" },
  internal: { status: 500, title: "Internal error" },
  "storage-failed": { status: 503, title: "Storage unavailable" },
  "upstream-failed": { status: 503, title: "Upstream unavailable" },
  "storage-full": { status: 507, title: "Storage full" },
} as const;

export type ErrorKind = keyof typeof KINDS;

/**
 * The only error this project throws on purpose. `message` is the sentence the user at the terminal reads: what happened
 * and what to do. Anything else that is thrown is a defect and is answered as `internal`.
 */
export class IndexError extends Error {
  override readonly name = "IndexError";
  readonly kind: ErrorKind;
  /** For an upstream's failure: what went wrong, in a few words for the log. */
  readonly reason: string | undefined;
  /** For an upstream's failure: the status that it answered with, if it answered. */
  readonly answered: number | undefined;
  /** For how long not to ask again, in seconds: as the upstream asked, or as we ask after too many attempts. */
  readonly retryAfterSeconds: number | undefined;
  /** For a method that is not offered: the methods that are. */
  readonly allow: readonly string[] | undefined;
  /** For what a policy refuses: the rule, the path where that is explained, and whether it is every file of a project that is listed. */
  readonly policy: { readonly rule: string; readonly why: string; readonly isEveryFile?: boolean } | undefined;
  /** For a project that is refused by its name: where the rule is written, a sentence for people. */
  readonly writtenIn: string | undefined;

  constructor(
    kind: ErrorKind,
    message: string,
    options?: ErrorOptions &
      Partial<Pick<IndexError, "reason" | "answered" | "retryAfterSeconds" | "allow" | "policy" | "writtenIn">>,
  ) {
    super(message, options);
    this.kind = kind;
    this.reason = options?.reason;
    this.answered = options?.answered;
    this.retryAfterSeconds = options?.retryAfterSeconds;
    this.allow = options?.allow;
    this.policy = options?.policy;
    this.writtenIn = options?.writtenIn;
  }

  get status() {
    return KINDS[this.kind].status;
  }

  get title(): string {
    return KINDS[this.kind].title;
  }
}

/** Input that cannot be served whatever is stored: 400. */
export const badRequest = (sentence: string) => new IndexError("bad-request", sentence);

/** A method that is not offered at this address: 405. */
export const methodNotAllowed = (method: string, allow: readonly string[]) =>
  new IndexError(
    "method-not-allowed",
    `${method.slice(0, 20)} is not offered here; only ${allow.join(" and ")} ${allow.length === 1 ? "is" : "are"}.`,
    { allow },
  );

/**
 * The upstream did not give a usable answer. `reason` says why in a few words, without a final stop. Never treat this
 * as absence: that difference is the defence against dependency confusion.
 *
 * @param retryAfterSeconds for how many seconds the upstream asked not to be asked again
 * @param answered the status that it answered with
 */
export const upstreamFailed = (
  host: string,
  reason: string,
  cause?: unknown,
  retryAfterSeconds?: number,
  answered?: number,
) =>
  new IndexError(
    "upstream-failed",
    `The upstream ${host} cannot be used right now: ${withoutStop(reason)}. What is asked for is not stored here; try again once the upstream can be used.`,
    { cause, reason: `${host}: ${reason}`, retryAfterSeconds, answered },
  );

/** Why no connection could be made or kept, in plain words instead of the runtime's messages where those are known. */
export function connectionReason(error: unknown): string {
  const message = messageOf(error);
  if (message.startsWith("internal error")) return "no connection could be made; perhaps its name cannot be resolved";
  return message.startsWith("Network connection lost") ? "the connection was refused or lost" : message;
}

/**
 * The text without final stops. Another server may have written it, and a regular expression for this would not be
 * linear.
 */
export function withoutStop(text: string): string {
  let end = text.length;
  while (text[end - 1] === ".") end--;
  return text.slice(0, end);
}

/**
 * A store failed, or did not confirm. Never treat this as absence. A store that says `storage-full` itself is passed on:
 * to try again does not help then.
 */
export const storageFailed = (
  cause: unknown,
  sentence = "The storage here cannot be used right now; try again in a moment.",
) => (isStorageFull(cause) ? cause : new IndexError("storage-failed", sentence, { cause }));

/** Whether a store of the platform has no room. Cloudflare's stores never say so (RFC 4918, 11.5). */
export const isStorageFull = (error: unknown): error is IndexError =>
  error instanceof IndexError && error.kind === "storage-full";

/**
 * Restores an error that came through one of the platform's streams, which pass on a copy with the fields but without
 * the class. Any other error is returned as it is.
 */
export function throughStream(error: unknown): unknown {
  if (error instanceof IndexError || !(error instanceof Error)) return error;
  const { kind, reason, retryAfterSeconds } = error as { kind?: unknown; reason?: string; retryAfterSeconds?: number };
  return typeof kind === "string" && kind in KINDS
    ? new IndexError(kind as ErrorKind, error.message, { cause: error, reason, retryAfterSeconds })
    : error;
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The reason of anything that was thrown, in a few words: the short one of an upstream's failure, else the message. */
export const reasonOf = (error: unknown) =>
  (error instanceof IndexError ? error.reason : undefined) ?? messageOf(error);

/** Whether `error` says that a source failed, as opposed to "there is no such thing". */
export const isUpstreamFailure = (error: unknown): error is IndexError =>
  error instanceof IndexError && error.kind === "upstream-failed";
