import type { DocumentRef } from "../pypi/document.ts";
import type { FileRef } from "../pypi/file-url.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Digest, FileEntry } from "../pypi/page.ts";
import type { Behind, ChangeFeed, FeedLog } from "./changes.ts";
import type { Document } from "./document.ts";
import type { ProjectList } from "./list.ts";
import type { Page } from "./page.ts";
import type { Popularity } from "./popular.ts";
import type { FileStore, FillQueue, RefreshQueue } from "./ports.ts";
import type { Uses } from "./uses.ts";
import type { Part, RangeSpec } from "./range.ts";

/**
 * What an index is made of. Four answers, and three ways not to give one, the same for each method:
 * - `null`: this source does not own the project; the next source may be asked. For a document it says less: there is none
 *   here. Whose the project is, its page says.
 * - thrown `file-not-found`, `document-not-found`: there is none, and nobody else may be asked.
 * - thrown `upstream-failed`: this source cannot tell. It never reads as absence.
 */
export interface Repository {
  projects(ctx: Context): Promise<ProjectList>;
  project(name: ProjectName, ctx: Context): Promise<Page | null>;
  file(request: FileRequest, ctx: Context): Promise<Artifact | null>;
  document(request: DocumentRequest, ctx: Context): Promise<Document | null>;
}

/** Every feature of an index is one of these. */
export type Layer = (inner: Repository) => Repository;

/** The repository that `source` becomes under `layers`, the first of which is the outermost. */
export const stack = (layers: readonly Layer[], source: Repository): Repository =>
  layers.reduceRight((inner, layer) => layer(inner), source);

/** A source as jobs meet it. */
export interface Upkept {
  /** Its place in keys and messages: the upstream's address, percent-encoded. */
  readonly key: string;
  /** What the configuration calls it. */
  readonly name: string;
  /** What jobs enter: nothing that goes through it counts as asked for. */
  readonly repository: Repository;
  /** Notes anew that a project's page is kept, where that was lost. */
  noteKept(name: ProjectName, page: Page): Promise<void>;
  /** Where its files are kept. */
  readonly files: FileStore;
  /** Told of a use of one of them that does not go through `repository`. */
  readonly uses: Uses;
  /** Where they are left to be stored. */
  readonly fills: FillQueue;
  /** Its log of changes, where that is followed; undefined: it is not. */
  readonly changes?: UpkeptChanges | undefined;
  /** Where its pages are left that are to be fetched anew. */
  readonly refreshes: RefreshQueue;
  /** What clients ask it for; undefined where that is not counted. */
  readonly popularity: Popularity | undefined;
}

/** A source's log of changes, how far it has been followed, and which pages are behind it. */
export interface UpkeptChanges {
  readonly feed: ChangeFeed;
  readonly log: FeedLog;
  readonly behind: Behind;
}

/** Where the files on a page are kept, and how those are got there that are not. */
export interface Shelf extends Pick<Upkept, "key"> {
  readonly repository: Pick<Repository, "file">;
  readonly files: Pick<FileStore, "get" | "head">;
  readonly uses: Pick<Uses, "used">;
  readonly fills: Pick<FillQueue, "sendAll">;
}

/** A project's page, and what has the files on it. An unread page must be cancelled. */
export interface Owned {
  readonly source: Shelf;
  readonly page: Page;
}

/**
 * Which source of an index owns a project; null where none does. Throws `upstream-failed` where that cannot be told. Waits for
 * the sources as long as they take.
 */
export type FindOwner = (name: ProjectName, ctx: Context) => Promise<Owned | null>;

/** What a request, a cron tick or a queue message brings along. Nothing else reads the clock or outlives its answer. */
export interface Context {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Lets work go on after the answer; a failure of it is logged and breaks nothing. */
  readonly defer: (work: Promise<unknown>) => void;
  /** Tells the operator of something that a client's answer does not show. */
  readonly report: (event: Event) => void;
  /** Milliseconds: a stored page checked longer ago than this is checked again, whatever its own lifetime. */
  readonly maxAge?: number;
  /** What cannot be checked is a failure, whatever is stored: the caller serves nobody. */
  readonly strict?: true;
  /** A stored page is made again even where the upstream has not changed it: what is added to it here has changed. */
  readonly anew?: true;
  /** The page the caller already has: a layer that finds it unchanged returns this very object. */
  readonly known?: Page;
  /** The same for the root listing. */
  readonly knownList?: ProjectList;
  /** The same for a document. */
  readonly knownDocument?: Document;
}

/** Something that went wrong behind an answer, told once where it happened. */
export interface Event {
  readonly event:
    | "upstream-failed"
    | "file-refused"
    | "file-replaced"
    | "storage-failed"
    | "queue-failed"
    | "fill-dropped"
    | "fill-delayed"
    | "refresh-dropped"
    | "refresh-delayed"
    | "message-died"
    | "feed-failed"
    | "feed-recovered"
    | "job-failed"
    | "auth-failed";
  readonly what: string;
  readonly reason: string;
}

export interface FileRequest {
  readonly ref: FileRef;
  /** HEAD: the caller wants the facts and will not read the body. */
  readonly headOnly: boolean;
  /** The caller wants the file stored, whatever its size, and reads no body: answered when it is stored, or cannot be. */
  readonly keep?: boolean;
  /** The caller wants this part only. A source that cannot give a part may give the whole. */
  readonly range?: RangeSpec | undefined;
  /** The projects it may belong to, likeliest first, where that is fewer than its filename says. */
  readonly candidates?: readonly ProjectName[] | undefined;
  /** Whether a project that the filename does not lead to may be it, too; undefined: each may. Asked where one lists the file. */
  readonly admits?: ((project: ProjectName) => Promise<boolean>) | undefined;
  /** How the project's page lists the file, once a layer has looked; sources need it, clients do not know it. */
  readonly listed?: Listed;
}

export interface DocumentRequest {
  readonly ref: DocumentRef;
  /** Of a provenance: how the project's page lists the file, once a layer has looked. */
  readonly listed?: Listed | undefined;
}

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
  /** To be called once the file has been verified and stored, with its size in bytes. */
  readonly stored?: ((size: number) => Promise<void>) | undefined;
  readonly via: Via;
}

/** Gives a file's bytes up unread. */
export async function discard({ body }: Artifact): Promise<void> {
  if (body instanceof ReadableStream) await body.cancel();
}
