import { IndexError, storageFailed } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import { isUnderQuarantine, type ProjectPage, type ProjectStatus } from "../pypi/page.ts";
import type { Context } from "../repository/context.ts";

/** Characters: a reason is the upstream's own text. */
const MAX_REASON = 300;

/** A page without the files that its status keeps from everybody: an upstream may go on listing them. */
export const withoutQuarantined = (page: ProjectPage): ProjectPage =>
  isUnderQuarantine(page.status) ? { ...page, files: [] } : page;

/** What a file of such a project is answered with. */
export const quarantined = (project: ProjectName, status: ProjectStatus | undefined) =>
  new IndexError(
    "not-allowed",
    `${project} is quarantined by its upstream${status?.reason ? ` (${status.reason.slice(0, MAX_REASON)})` : ""}: its files are given to nobody until the upstream lifts that. Use another project, or ask those who run the upstream.`,
  );

/**
 * Has nothing be stored of a project under quarantine, before its page is seen: a stored file is served without a look at
 * its page. Rejects with `storage-failed` where that cannot be done.
 */
export async function emptied(
  name: ProjectName,
  deleteFiles: (name: ProjectName) => Promise<number>,
  ctx: Context,
): Promise<void> {
  const deleted = await deleteFiles(name).catch((error: unknown) => {
    throw storageFailed(error);
  });
  if (deleted === 0) return;
  const reason = `the upstream has quarantined the project: ${deleted} stored ${deleted === 1 ? "file was" : "files were"} deleted`;
  ctx.report({ event: "file-refused", what: name, reason });
}
