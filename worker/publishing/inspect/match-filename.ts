import type { CoreMetadata } from "../../pypi/core-metadata.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { isSameVersion } from "../../pypi/pep440.ts";
import { InvalidDistribution } from "./invalid-distribution.ts";

/**
 * Returns the metadata if its project and version match the filename, with the version as the filename spells it: `1.0`
 * and `1.0.0` are equal to every installer (PEP 440). Throws `InvalidDistribution` otherwise.
 */
export function matchFilename(
  metadata: CoreMetadata,
  named: { readonly project: ProjectName; readonly version: string | undefined },
  where: string,
): CoreMetadata {
  const { project, version } = named;
  if (metadata.project === project && version !== undefined && isSameVersion(metadata.version, version)) {
    return { ...metadata, version };
  }
  throw new InvalidDistribution(
    `is ${metadata.project} ${metadata.version} according to its ${where}, but its filename names another project or version`,
    "keep the name that the build tool gave it, or build it again",
  );
}
