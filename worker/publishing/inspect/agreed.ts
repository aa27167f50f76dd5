import type { CoreMetadata } from "../../pypi/core-metadata.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { isSameVersion } from "../../pypi/pep440.ts";
import { Faulty } from "./faulty.ts";

/**
 * The metadata, if its project and version are those of the filename, with the version as that has it: `1.0` and `1.0.0` are
 * one to every installer (PEP 440). Throws `Faulty` otherwise.
 */
export function agreed(
  metadata: CoreMetadata,
  named: { readonly project: ProjectName; readonly version: string | undefined },
  where: string,
): CoreMetadata {
  const { project, version } = named;
  if (metadata.project === project && version !== undefined && isSameVersion(metadata.version, version)) {
    return { ...metadata, version };
  }
  throw new Faulty(
    `is ${metadata.project} ${metadata.version} by its ${where} and another by its filename`,
    "leave the name that the build tool gave it, or build it anew",
  );
}
