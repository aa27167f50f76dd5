import type { Author } from "../auth/audit-entry.ts";
import type { Context } from "../repository/context.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Distribution } from "./distribution.ts";
import type { Fork } from "./fork.ts";
import type { StagedFile } from "./staged-file.ts";

/** An uploaded file that is to be published. */
export interface PublishRequest {
  readonly index: {
    readonly name: string;
    /** Whether a file may be replaced by one with other bytes. */
    readonly volatile: boolean;
  };
  /** Allowed to upload to the index; whether this project is allowed is checked once it is known. */
  readonly author: Author;
  /** As the client sent it. */
  readonly filename: string;
  readonly staged: StagedFile;
  /** What the client says about the file; publishing checks it. */
  readonly claimed: ClaimedMetadata;
  /**
   * When the file was uploaded to the index that it comes from; undefined: it is new. A later time than now counts as
   * now. Milliseconds since the epoch.
   */
  readonly uploadedAt?: number | undefined;
  /** What its release was made of, where it is a fork. */
  readonly fork?: Fork | undefined;
  /** A JSON array of attestations (PEP 740), as the client sent it. */
  readonly attestations?: string | undefined;
}

export interface ClaimedMetadata {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** Hexadecimal. */
  readonly digests: Readonly<Partial<Record<"sha256" | "md5", string>>>;
}

/**
 * `identical`: the same file was published before, and nothing has changed; `attested`: it was published before without attestations,
 * and has those that came with this upload.
 */
export interface PublishResult {
  readonly kind: "published" | "identical" | "attested";
  readonly distribution: Distribution;
  /** The project, where the index may not have hosted it before. */
  readonly firstOf?: ProjectName | undefined;
}

/**
 * Checks a file and publishes it, whole or not at all.
 *
 * @throws IndexError `bad-request` where the file is not a valid distribution or differs from what the client said,
 *   `file-exists` where another file has its name, `not-allowed`, `unprocessable` where the index's policy refuses the file or its
 *   project takes none, `storage-failed`
 */
export type Publish = (submission: PublishRequest, ctx: Context) => Promise<PublishResult>;
