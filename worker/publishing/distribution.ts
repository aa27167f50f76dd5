import type { Filename } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";

/** What a distribution file says of itself: of its name, and of the metadata that is in it. */
export interface Distribution {
  readonly filename: Filename;
  readonly project: ProjectName;
  /** Normalised (PEP 440). */
  readonly version: string;
  /** The filename with name and version normalised, `1.0` as `1`: two spellings of one file have one. */
  readonly identity: string;
  readonly requiresPython?: string | undefined;
  /** A wheel's METADATA, byte for byte; undefined for an sdist. */
  readonly metadata?: Uint8Array | undefined;
}
