import type { DocumentRef } from "../pypi/document.ts";
import type { FileRef } from "../pypi/file-url.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Artifact, ArtifactFacts, Listed } from "./artifact.ts";
import type { Context } from "./context.ts";
import type { Document } from "./document.ts";
import type { Page } from "./page.ts";
import type { ChangeLog, ChangeLogPosition, PagesBehind } from "./ports/change-log.ts";
import type { RefreshQueue } from "./ports/refreshes.ts";
import type { ProjectList } from "./project-list.ts";
import type { RangeSpec } from "./range.ts";
import type { Popularity } from "./ports/popularity.ts";

/**
 * What an index is made of, and the one way to anything of it. Three ways not to answer, the same for each method:
 * - `null`: this source does not own the project; the next source may be asked. For a document it says less: there is none
 *   here, and the project's page says which source owns it.
 * - thrown `file-not-found`, `document-not-found`: there is none, and no other source may be asked.
 * - thrown `upstream-failed`: this source cannot tell. It never reads as absence.
 */
export interface Repository {
  projects(ctx: Context): Promise<ProjectList>;
  project(name: ProjectName, ctx: Context, demand?: Revalidation): Promise<Project | null>;
  file(request: FileRequest, ctx: Context): Promise<Artifact | null>;
  document(request: DocumentRequest, ctx: Context): Promise<Document | null>;
  /**
   * The hosted files that it lists: all of them, projects by name, or those of one project that the index hosts itself; null
   * where it does not host that project.
   */
  hostedFiles(of: ProjectName | "all", ctx: Context): Promise<readonly Listed[] | null>;
}

/** Every feature of an index is one of these. */
export type Layer = (inner: Repository) => Repository;

/** A project as a repository shows it. Its page and what gives its files come from one verdict about who owns the name. */
export interface Project {
  /** Must be read, or cancelled. */
  readonly page: Page;
  readonly files: ProjectFiles;
}

/** The files on a project's page. */
export interface ProjectFiles {
  /** Which source they are of: the upstream's address, percent-encoded, or the mark of hosted files. */
  readonly source: string;
  /** As `Repository.file`, of a file that this project's page lists. */
  file(request: FileRequest, ctx: Context): Promise<Artifact | null>;
  /** What is stored of a file, without a byte of it; null where it is not stored. One read. */
  stored(ref: FileRef, ctx: Context): Promise<ArtifactFacts | null>;
  /** A file from the store alone; null where it is not stored. */
  read(ref: FileRef, ctx: Context): Promise<Artifact | null>;
  /** Notes a use of a stored file that was not read through here. Costs no operation. */
  used(ref: FileRef, ctx: Context): void;
  /** Leaves files to the queue to be stored, in about this order. Rejects where that cannot be promised of all. */
  enqueue(refs: readonly FileRef[], ctx: Context): Promise<void>;
}

/** How new a page must be; left out: as the cache sees fit. */
export interface Revalidation {
  /** Milliseconds: a stored page that was checked longer ago is revalidated, whatever its own lifetime. */
  readonly maxAgeMs?: number;
  /** What cannot be revalidated is a failure, whatever is stored: no client waits for it. */
  readonly strict?: true;
  /** A stored page is made again even where the upstream has not changed it: what is added to it here has changed. */
  readonly remake?: true;
}

/**
 * A source below its store of files: pages and documents, cached, and files as the upstream has them. Its answers mean what a
 * `Repository`'s mean.
 */
export interface SourcePages {
  projects(ctx: Context): Promise<ProjectList>;
  project(name: ProjectName, ctx: Context, demand?: Revalidation): Promise<Page | null>;
  file(request: FileRequest, ctx: Context): Promise<Artifact | null>;
  document(request: DocumentRequest, ctx: Context): Promise<Document | null>;
}

/** The same, told of files that it gave and that have been verified and stored since. */
export interface SourceFiles extends SourcePages {
  /** @param size bytes */
  fileStored(
    file: Listed & { readonly ref: FileRef; readonly artifact: Artifact },
    size: number,
    ctx: Context,
  ): Promise<void>;
}

/** A source without its cache of documents. `unchanged`: `known` is what the upstream has still. */
export interface SourceWithoutDocuments extends Omit<SourcePages, "document"> {
  document(request: DocumentRequest, known: Document | undefined, ctx: Context): Promise<Document | "unchanged" | null>;
}

/** An upstream, nothing cached. `unchanged`: `known` is what it has still. */
export interface UpstreamPages extends Pick<SourceWithoutDocuments, "file" | "document"> {
  projects(known: ProjectList | undefined, ctx: Context): Promise<ProjectList | "unchanged">;
  /** @param remake the answer is wanted even where it is unchanged */
  project(
    name: ProjectName,
    known: Page | undefined,
    ctx: Context,
    remake?: boolean,
  ): Promise<Page | "unchanged" | null>;
}

/** A source as jobs meet it: they enter its own stack, below what counts the demand of clients. */
export interface MirroredSource {
  /** Its place in keys and messages: the upstream's address, percent-encoded. */
  readonly key: string;
  /** What the configuration calls it. */
  readonly name: string;
  readonly repository: Repository;
  /** Notes again that a project's page is stored, where that note was lost. */
  noteStored(name: ProjectName, page: Page): Promise<void>;
  /** Its change log, where that is followed; undefined: it is not. */
  readonly changes?: SourceChanges | undefined;
  /** Where its pages are left that are to be fetched anew. */
  readonly refreshes: RefreshQueue;
  /** What clients ask it for; undefined where that is not counted. */
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
