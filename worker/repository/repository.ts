import type { DocumentRef } from "../pypi/document.ts";
import type { FileRef } from "../pypi/file-url.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Artifact, ArtifactFacts, ListedFile } from "./artifact.ts";
import type { Context } from "./context.ts";
import type { Document } from "./document.ts";
import type { Page } from "./page.ts";
import type { ChangeLog, ChangeLogPosition, PagesBehind } from "./ports/change-log.ts";
import type { VerifiedSource } from "./ports/provenance.ts";
import type { RefreshQueue } from "./ports/refreshes.ts";
import type { ProjectList } from "./project-list.ts";
import type { RangeSpec } from "./range.ts";
import type { Popularity } from "./ports/popularity.ts";

/**
 * The interface of an index, of a source, and of every layer: all that anything wants of an index goes through it. Each
 * method has three ways not to answer:
 * - `null`: this source does not own the project; the next source may be asked. For a document it says less: there is
 *   none here, and the project's page says which source owns it.
 * - thrown `file-not-found`, `document-not-found`: it does not exist, and no other source may be asked.
 * - thrown `upstream-failed`: this source cannot tell. Never treat it as absence.
 */
export interface Repository {
  projects(ctx: Context): Promise<ProjectList>;
  project(name: ProjectName, ctx: Context, demand?: Revalidation): Promise<Project | null>;
  file(request: FileRequest, ctx: Context): Promise<Artifact | null>;
  document(request: DocumentRequest, ctx: Context): Promise<Document | null>;
  /**
   * The hosted files that the index lists: all of them, sorted by project, or those of one project that the index
   * itself hosts; null where it does not host that project.
   */
  hostedFiles(of: ProjectName | "all", ctx: Context): Promise<readonly ListedFile[] | null>;
}

/** One feature of an index. */
export type Layer = (inner: Repository) => Repository;

/**
 * A project as a repository shows it. One lookup decides which source owns the name, for both its page and its files.
 */
export interface Project {
  /** Must be read, or cancelled. */
  readonly page: Page;
  readonly files: ProjectFiles;
  /** When the page changes although nothing of what it is made from does. Milliseconds since the epoch. */
  readonly until?: number | undefined;
}

/** The files on a project's page. */
export interface ProjectFiles {
  /** Their source: the upstream's address, percent-encoded, or the mark of hosted files. */
  readonly source: string;
  /** As `Repository.file`, for a file on this project's page. */
  file(request: FileRequest, ctx: Context): Promise<Artifact | null>;
  /** The facts of a stored file, without its bytes; null where it is not stored. One read. */
  stored(ref: FileRef, ctx: Context): Promise<ArtifactFacts | null>;
  /** A file from the store only; null where it is not stored. */
  read(ref: FileRef, ctx: Context): Promise<Artifact | null>;
  /** Records a use of a stored file that was served in another way. Costs no operation. */
  used(ref: FileRef, ctx: Context): void;
  /** Sends files to the queue to be stored, in about this order. Rejects where not all of them could be sent. */
  enqueue(refs: readonly FileRef[], ctx: Context): Promise<void>;
}

/** How new a page must be; left out: the cache decides. */
export interface Revalidation {
  /** Milliseconds: a stored page that was checked longer ago is revalidated, whatever its own lifetime. */
  readonly maxAgeMs?: number;
  /** A failed revalidation is an error even where a page is stored. For jobs: no client waits. */
  readonly strict?: true;
  /** The page is made again even where the upstream has not changed it, since what is added to it here has changed. */
  readonly remake?: true;
}

/**
 * A source below its store of files: pages and documents are cached, files come from the upstream. Its answers mean the
 * same as a `Repository`'s.
 */
export interface SourcePages {
  projects(ctx: Context): Promise<ProjectList>;
  project(name: ProjectName, ctx: Context, demand?: Revalidation): Promise<Page | null>;
  file(request: FileRequest, ctx: Context): Promise<Artifact | null>;
  document(request: DocumentRequest, ctx: Context): Promise<Document | null>;
}

/** The same, and it is told which of the files that it gave have been verified and stored. */
export interface SourceFiles extends SourcePages {
  /** @param size bytes */
  fileStored(
    file: ListedFile & { readonly ref: FileRef; readonly artifact: Artifact },
    size: number,
    ctx: Context,
  ): Promise<void>;
}

/** A source below its cache of documents. `unchanged`: `known` is still current. */
export interface SourceWithoutDocuments extends Omit<SourcePages, "document"> {
  document(request: DocumentRequest, known: Document | undefined, ctx: Context): Promise<Document | "unchanged" | null>;
}

/** An upstream, nothing cached. `unchanged`: `known` is still current. */
export interface UpstreamPages extends Pick<SourceWithoutDocuments, "file" | "document"> {
  projects(known: ProjectList | undefined, ctx: Context): Promise<ProjectList | "unchanged">;
  /** @param remake fetch and return the page even where it is unchanged */
  project(
    name: ProjectName,
    known: Page | undefined,
    ctx: Context,
    remake?: boolean,
  ): Promise<Page | "unchanged" | null>;
}

/** A source as jobs use it. Jobs enter its stack below the layer that counts clients' demand. */
export interface MirroredSource {
  /** Its key in stores and queue messages: the upstream's address, percent-encoded. */
  readonly key: string;
  /** Its name in the configuration. */
  readonly name: string;
  readonly repository: Repository;
  /** Tells the catalog again that a project's page is stored, where that record was lost. */
  noteStored(name: ProjectName, page: Page): Promise<void>;
  /** Its change log; undefined where that is not followed. */
  readonly changes?: SourceChanges | undefined;
  /** Takes pages that are to be refreshed. */
  readonly refreshes: RefreshQueue;
  /** What its files' provenance is verified with; undefined where no rule asks for it. */
  readonly verified?: VerifiedSource | undefined;
  /** The demand for its projects and files; undefined where that is not counted. */
  readonly popularity: Popularity | undefined;
}

/** A source's change log, how far it has been followed, and which pages are behind it. */
export interface SourceChanges {
  readonly feed: ChangeLog;
  readonly log: ChangeLogPosition;
  readonly behind: PagesBehind;
}

export interface FileRequest {
  readonly ref: FileRef;
  /** HEAD: the caller needs only the facts and does not read a body. */
  readonly headOnly: boolean;
  /**
   * Store the file, whatever its size; the caller reads no body. The answer comes once the file is stored, or cannot
   * be.
   */
  readonly keep?: boolean;
  /**
   * Only find out whether the file could be stored: one byte of it is asked for, the caller reads none, and nothing is stored.
   * Rejects where the upstream does not have it, refuses it, or sent other bytes when it was last fetched.
   */
  readonly probe?: boolean;
  /** The part that the caller needs. A source that cannot give a part may give the whole. */
  readonly range?: RangeSpec | undefined;
  /** The projects that the file may belong to, likeliest first, where they are fewer than its filename allows. */
  readonly candidates?: readonly ProjectName[] | undefined;
  /**
   * Whether the file may belong to a project that its filename does not lead to; undefined: to any. Called where such a
   * project's page lists the file.
   */
  readonly admits?: ((project: ProjectName) => Promise<boolean>) | undefined;
  /**
   * Called with the file's entry before it is read from an upstream, where it is not stored. Rejects where the index
   * refuses the file.
   */
  readonly assertAdmitted?: ((listed: ListedFile, ctx: Context) => Promise<void>) | undefined;
  /**
   * Nothing is fetched for this request. Rejects with `file-not-found` where the file is not stored, and with `storage-failed`
   * where that cannot be read.
   */
  readonly storedOnly?: true;
  /**
   * The file's entry on the project's page, set once a layer has looked it up, or by a job that has just read the page. Sources
   * need it; clients do not know it.
   */
  readonly listed?: ListedFile;
}

export interface DocumentRequest {
  readonly ref: DocumentRef;
  /** For provenance: the file's entry on the project's page, set once a layer has looked it up. */
  readonly listed?: ListedFile | undefined;
}
