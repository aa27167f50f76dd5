import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { ProjectStatus } from "../../pypi/page.ts";
import type { Page } from "../page.ts";
import type { Part } from "../range.ts";

/** A file that an index hosts, and that has not been deleted. */
export interface HostedFile {
  readonly filename: Filename;
  /** Normalised (PEP 440). */
  readonly version: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Where its bytes are kept. */
  readonly object: string;
  /** SHA-256 of a wheel's METADATA, in lower-case hex. */
  readonly metadata?: string | undefined;
  readonly requiresPython?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly uploadedAt: number;
  /** The reason, which may be empty; undefined: not yanked. */
  readonly yanked?: string | undefined;
}

/** A project that an index hosts. */
export interface HostedProject {
  /** The index. */
  readonly index: string;
  readonly name: ProjectName;
  readonly status?: ProjectStatus | undefined;
  /** What the database counts its changes by. */
  readonly revision: number;
  /** Of two that have the same, nothing else differs. For this isolate alone. */
  readonly state: string;
  readonly files: readonly HostedFile[];
}

/** By project, those of some indexes that host it, in the order in which the indexes were given. */
export type Hosts = ReadonlyMap<ProjectName, readonly HostedProject[]>;

/**
 * What indexes host. One call each, and never answered from what was known before: a name that is somebody's must not be
 * taken for nobody's. What they throw is `storage-failed`, which is never to be read as absence.
 */
export interface HostedPackages {
  /** Who hosts these projects. `now` in milliseconds since the epoch. */
  projects(names: readonly ProjectName[], indexes: readonly string[], now: number): Promise<Hosts>;
  /**
   * Who hosts the project of a file with this name and SHA-256, each with none but the file of that name there, in whatever
   * spelling; empty where no such file is hosted.
   */
  file(sha256: string, filename: Filename, indexes: readonly string[]): Promise<Hosts>;
  /** All projects with all their files. */
  all(indexes: readonly string[]): Promise<Hosts>;
  /** The names of all projects, each once, sorted. */
  names(indexes: readonly string[]): Promise<readonly ProjectName[]>;
}

/** The bytes of hosted files. What they throw is `storage-failed`: what is hosted is there. */
export interface HostedBytes {
  file(file: HostedFile, part: Part | undefined): Promise<ReadableStream<Uint8Array>>;
  /** A wheel's METADATA. */
  metadata(file: HostedFile): Promise<Uint8Array>;
}

/** Pages that an index makes of what it hosts and of what lies below, kept as long as both are the same. */
export interface MergedPages {
  /**
   * @param of what it is made of: what was made of something else is not given
   * @param isLarge whether it is too large for memory
   */
  get(name: ProjectName, of: string, isLarge: boolean, now: number): Promise<Page | null>;
  put(name: ProjectName, of: string, isLarge: boolean, page: Page, now: number): Promise<void>;
}

/** Bytes of gzipped page above which it is too large for memory. */
export const MAX_IN_MEMORY = 128 * 1024;
