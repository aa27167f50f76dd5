import type { Filename } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";

/** What a distribution file says about itself in its name and metadata. */
export interface Distribution {
  readonly filename: Filename;
  readonly project: ProjectName;
  /** Normalised (PEP 440). */
  readonly version: string;
  /** The filename with normalised name and version (`1.0` becomes `1`), so that all spellings of one filename are equal. */
  readonly identity: string;
  readonly requiresPython?: string | undefined;
  /** A wheel's METADATA, or an sdist's PKG-INFO, byte for byte. */
  readonly metadata: Uint8Array;
}
