import type { ProjectName } from "../pypi/name.ts";
import type { Digest, FileEntry } from "../pypi/page.ts";
import type { Part } from "./range.ts";

/** A file as its project's page lists it. */
export interface Listed {
  readonly project: ProjectName;
  readonly entry: FileEntry;
}

/** Where an answer came from, for the log and for `Cache-Status` (RFC 9211). */
export type Via = "memory" | "kv" | "r2" | "d1" | "upstream" | "stale";

/** What is known of a file before its bytes are read. */
export interface ArtifactFacts {
  readonly project: ProjectName;
  /** What the page says the bytes hash to. */
  readonly digest?: Digest | undefined;
  /** Bytes; undefined only where neither the upstream nor the page says. */
  readonly size?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
  /**
   * Whether nothing has verified the bytes: no digest, nor, of a `.metadata`, a stored wheel that a digest has verified. They
   * may turn out to be wrong, so they live briefly.
   */
  readonly unchecked?: boolean | undefined;
  /** The upstream's validator of what is unchecked: its ETag, else its Last-Modified. Another one means another file. */
  readonly validator?: string | undefined;
}

/** A file's, or a `.metadata`'s, bytes and facts. An unread body must be cancelled. */
export interface Artifact extends ArtifactFacts {
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  /** What of the file the body is, where it is not the whole; `unsatisfiable` where the file has no such part. */
  readonly part?: Part | "unsatisfiable" | undefined;
  /** Bytes, as the upstream's page has it, right or wrong. */
  readonly listedSize?: number | undefined;
  /** Whether the part was cut out of the whole, which the upstream sent: it gives no ranges. */
  readonly sliced?: boolean | undefined;
  readonly via: Via;
}

/** Gives a file's bytes up unread. */
export async function discard({ body }: Artifact): Promise<void> {
  if (body instanceof ReadableStream) await body.cancel();
}
