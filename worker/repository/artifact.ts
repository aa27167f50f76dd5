import type { ProjectName } from "../pypi/name.ts";
import type { Digest, FileEntry } from "../pypi/page.ts";
import type { Part } from "./range.ts";

/** A file as its project's page lists it. */
export interface ListedFile {
  readonly project: ProjectName;
  readonly entry: FileEntry;
  /** The key of the source whose page that is; undefined where it is not known, and for hosted files. */
  readonly source?: string | undefined;
}

/** Where an answer came from: for the log and for `Cache-Status` (RFC 9211). */
export type Via = "memory" | "cache" | "kv" | "r2" | "d1" | "upstream" | "stale";

/** The facts of a file, known before its bytes are read. */
export interface ArtifactFacts {
  readonly project: ProjectName;
  /** The digest that the page gives. */
  readonly digest?: Digest | undefined;
  /** Bytes; undefined only where neither the upstream nor the page says. */
  readonly size?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /**
   * When its own upstream says that it was uploaded: milliseconds since the epoch, null where it does not say. Undefined
   * for hosted files, and for files that an earlier version stored.
   */
  readonly uploadedAt?: number | null | undefined;
  /** The key of the source that it comes from; only where the request has `assertAdmitted`. */
  readonly source?: string | undefined;
  /**
   * Whether the bytes are unverified: no digest verifies them, nor, for a `.metadata`, a stored wheel that a digest has
   * verified. They may turn out to be wrong, so they are kept only for a short time.
   */
  readonly unchecked?: boolean | undefined;
  /**
   * The upstream's validator of an unverified file: its ETag, else its Last-Modified. Another validator means another
   * file.
   */
  readonly validator?: string | undefined;
}

/** The bytes and facts of a file or of a `.metadata`. A body that is not read must be cancelled. */
export interface Artifact extends ArtifactFacts {
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  /** Which part of the file the body is, if not the whole; `unsatisfiable` where the file has no such part. */
  readonly part?: Part | "unsatisfiable" | undefined;
  /** The size that the upstream's page gives, right or wrong. Bytes. */
  readonly listedSize?: number | undefined;
  /** Whether the part was cut here from the whole file, because the upstream ignores ranges. */
  readonly sliced?: boolean | undefined;
  readonly via: Via;
}

/** Cancels the body of a file that will not be read. */
export async function discard({ body }: Artifact): Promise<void> {
  if (body instanceof ReadableStream) await body.cancel();
}
