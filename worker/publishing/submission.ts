import type { Author } from "../auth/deed.ts";
import type { Distribution } from "./distribution.ts";
import type { Staged } from "./staged.ts";
import type { Context } from "../repository/context.ts";

/** A file that somebody wants published. */
export interface Submission {
  readonly index: {
    readonly name: string;
    /** Whether a file may be replaced by one with other bytes. */
    readonly volatile: boolean;
  };
  /** Who may upload to the index; whether the project is theirs to write is asked when it is known. */
  readonly author: Author;
  /** As it was sent. */
  readonly filename: string;
  readonly staged: Staged;
  /** What was said of it beside the bytes, and must be true. */
  readonly claimed: Claimed;
}

export interface Claimed {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** Hex. */
  readonly digests: Readonly<Partial<Record<"sha256" | "md5", string>>>;
}

/** What became of it; `identical`: the very bytes were there already, and nothing has changed. */
export interface Outcome {
  readonly kind: "published" | "identical";
  readonly distribution: Distribution;
}

/**
 * Publishes a file: checked as a whole, it appears in the index whole or not at all, and at once.
 *
 * @throws IndexError `bad-request` where it is no sound distribution file or not what was said of it, `file-exists` where
 *   other bytes have its name, `not-allowed`, `storage-failed`
 */
export type Publish = (submission: Submission, ctx: Context) => Promise<Outcome>;
