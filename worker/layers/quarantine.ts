import { IndexError, storageFailed } from "../errors.ts";
import { counted } from "../pypi/counted.ts";
import type { ProjectName } from "../pypi/name.ts";
import { isUnderQuarantine, type ProjectPage, type ProjectStatus } from "../pypi/page.ts";
import type { Context } from "../repository/context.ts";

/** Characters: a reason is the upstream's own text. */
const MAX_REASON = 300;

/** The page without files where its project is under quarantine (PEP 792): an upstream may go on listing them. */
export const withoutQuarantinedFiles = (page: ProjectPage): ProjectPage =>
  isUnderQuarantine(page.status) ? { ...page, files: [] } : page;

/** The error for a request for a file of a quarantined project. */
export const fileQuarantined = (project: ProjectName, status: ProjectStatus | undefined) =>
  new IndexError(
    "not-allowed",
    `${project} is quarantined by its upstream${status?.reason ? ` (${status.reason.slice(0, MAX_REASON)})` : ""}: its files are not served until the upstream ends the quarantine. Use another project, or ask the upstream's operators.`,
  );

/**
 * Deletes all stored files of a project under quarantine. Call it before the page is served: a stored file is served
 * without reading its page. Rejects with `storage-failed` where a deletion fails.
 */
export async function deleteQuarantinedFiles(
  name: ProjectName,
  deleteFiles: (name: ProjectName) => Promise<number>,
  ctx: Context,
): Promise<void> {
  const deleted = await deleteFiles(name).catch((error: unknown) => {
    throw storageFailed(error);
  });
  if (deleted === 0) return;
  const reason = `the upstream has quarantined the project: ${counted(deleted, "stored file was", "stored files were")} deleted`;
  ctx.report({ event: "file-refused", what: name, reason });
}
