import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../context.ts";

/** A file that an index is to host. */
export interface FileToHost {
  readonly project: ProjectName;
  readonly filename: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/**
 * Throws `unprocessable` where the policies of an index refuse a file that it is to host: no client would be given it.
 * `storage-failed` where their lists are not known.
 */
export type RequireAdmitted = (index: string, file: FileToHost, ctx: Context) => Promise<void>;
