import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { ProjectStatus } from "../../pypi/page.ts";
import type { Signer } from "../../pypi/verdict.ts";
import type { Context } from "../context.ts";
import type { NowOrLater } from "../now-or-later.ts";
import type { Page } from "../page.ts";
import type { Part } from "../range.ts";

/** A hosted file that has not been deleted. */
export interface HostedFile {
  readonly filename: Filename;
  /** Normalised (PEP 440). */
  readonly version: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Key of the object that has its bytes. */
  readonly object: string;
  /** SHA-256 of a wheel's METADATA, in lower-case hex. */
  readonly metadata?: string | undefined;
  readonly requiresPython?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly uploadedAt: number;
  /** The reason, which may be empty; undefined: not yanked. */
  readonly yanked?: string | undefined;
  /** Whether it came with attestations. */
  readonly isAttested?: true | undefined;
}

/** A project that an index hosts. */
export interface HostedProject {
  /** The index. */
  readonly index: string;
  readonly name: ProjectName;
  readonly status?: ProjectStatus | undefined;
  /** Two projects with the same state are equal in everything, wherever and whenever they were read. */
  readonly state: string;
  readonly files: readonly HostedFile[];
}

/** For each project, the indexes that host it, in the order in which the indexes were given. */
export type HostsByName = ReadonlyMap<ProjectName, readonly HostedProject[]>;

/**
 * What indexes host, with every change that was answered before the call: a name that is hosted must never be taken for a
 * free one. The methods throw `storage-failed`, or reject with it, where that cannot be known, which must never be read as absence.
 */
export interface HostedPackages {
  /**
   * The indexes that host these projects. While the database cannot be read, a name that was not hosted may go on to be
   * absent for the time that is configured; a hosted or reserved one throws.
   */
  projects(names: readonly ProjectName[], indexes: readonly string[], ctx: Context): NowOrLater<HostsByName>;
  /** All projects with all their files. */
  all(indexes: readonly string[], ctx: Context): Promise<HostsByName>;
  /** The names of all projects, each once, sorted. */
  names(indexes: readonly string[], ctx: Context): Promise<readonly ProjectName[]>;
}

/**
 * The bytes of hosted files. The methods throw `storage-failed`, also where the bytes are missing: a hosted file must
 * be there.
 */
export interface HostedBytes {
  file(file: HostedFile, part: Part | undefined): Promise<ReadableStream<Uint8Array> | Uint8Array>;
  /** A wheel's METADATA. */
  metadata(file: HostedFile): Promise<Uint8Array>;
}

/** Records which releases clients use. */
export interface HostedUses {
  /** Notes that a file of a release, or its `.metadata`, is given, where the index goes by uses. Of many uses within half a day the first is recorded, behind the answer. */
  used(file: Pick<HostedFile, "version">, of: Pick<HostedProject, "index" | "name">, ctx: Context): void;
}

/** The provenance of hosted files. */
export interface HostedProvenance {
  /** The provenance object of a file of an index; undefined where the file came without attestations. Throws `storage-failed`. */
  of(index: string, file: Pick<HostedFile, "sha256" | "filename">): Promise<string | undefined>;
  /**
   * Who signed the attestations of a project's files, by filename. Files that were taken before migration 0031 are left out.
   * Of two indexes that have a file, the first counts. Rejects with `storage-failed`.
   */
  signers(indexes: readonly string[], project: ProjectName): Promise<ReadonlyMap<Filename, HostedSigner>>;
}

/** Who signed the attestations of a hosted file. */
export interface HostedSigner {
  /** Of the bytes that are attested. Lower-case hex. */
  readonly sha256: string;
  readonly signer: Signer;
}

/**
 * The pages that an index makes from its hosted files and from the sources' page, stored until one of the two changes.
 */
export interface MergedPages {
  /**
   * @param of identifies what the page is made from; a page that was made from something else is not returned
   * @param isLarge whether it is too large for memory
   */
  get(name: ProjectName, of: string, isLarge: boolean, now: number): NowOrLater<Page | null>;
  put(name: ProjectName, of: string, isLarge: boolean, page: Page, now: number): Promise<void>;
}

/** A gzipped page larger than this is too large for memory. Bytes. */
export const MAX_IN_MEMORY = 128 * 1024;
