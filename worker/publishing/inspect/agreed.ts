import type { CoreMetadata } from "../../pypi/core-metadata.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { Faulty } from "./faulty.ts";

/** The metadata, if its project and version are those of the filename; throws `Faulty` otherwise. */
export function agreed(
  metadata: CoreMetadata,
  named: { readonly project: ProjectName; readonly version: string | undefined },
  where: string,
): CoreMetadata {
  if (metadata.project === named.project && metadata.version === named.version) return metadata;
  throw new Faulty(
    `is ${metadata.project} ${metadata.version} by its ${where} and another by its filename`,
    "leave the name that the build tool gave it, or build it anew",
  );
}
