import { IndexError } from "../../errors.ts";
import type { Finding, JudgedFile } from "../../policy/policy.ts";
import type { ProjectName } from "../../pypi/name.ts";

/** Where an index explains its policy: below its path, which is empty or a slash and its name. */
interface Explained {
  readonly base: string;
}

export const projectBlocked = (
  sentence: string,
  { rule, writtenIn }: Pick<Finding, "writtenIn"> & { readonly rule: string },
  project: ProjectName,
  { base }: Explained,
  isEveryFile = false,
) =>
  new IndexError("project-blocked", sentence, {
    policy: { rule, why: `${base}/-/why/${project}`, isEveryFile },
    writtenIn,
  });

export function fileBlocked(
  sentence: string,
  rule: string,
  { project, version }: Pick<JudgedFile, "project" | "version">,
  { base }: Explained,
): IndexError {
  const release = version === undefined ? project : `${project}/${encodeURIComponent(version)}`;
  return new IndexError("file-blocked", sentence, { policy: { rule, why: `${base}/-/why/${release}` } });
}
