import { badRequest } from "../errors.ts";
import { parseProjectName, type ProjectName } from "../pypi/name.ts";
import { isVersion } from "../pypi/version.ts";

/**
 * The project, and the release of it, that a path names as `/:project/:version?`.
 *
 * @throws IndexError `bad-request`
 */
export function askedRelease({
  project,
  version,
}: {
  readonly project: string;
  readonly version?: string | undefined;
}): {
  readonly project: ProjectName;
  readonly version: string | undefined;
} {
  const name = parseProjectName(project);
  if (version === undefined || isVersion(version)) return { project: name, version };
  throw badRequest(`${JSON.stringify(version.slice(0, 80))} is not a version (PEP 440).`);
}
