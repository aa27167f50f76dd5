import { IndexError } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { ProjectStatus } from "../pypi/page.ts";

/** The statuses of projects that take no uploads (PEP 792). */
export const STATUSES_WITHOUT_UPLOADS: readonly string[] = ["archived", "quarantined"];

/**
 * Throws `unprocessable` where a project's status forbids that an index takes files of it. That is no matter of rights: it holds for
 * every token.
 *
 * @param status undefined: the project is active, or the index does not have it yet
 */
export function requireOpen(project: ProjectName, index: string, status: ProjectStatus | undefined): void {
  if (status && STATUSES_WITHOUT_UPLOADS.includes(status.status)) {
    throw closed(project, index, status, "it takes no files");
  }
}

/** Throws `unprocessable` where files of a project may not be added to another index. */
export function requirePromotable(project: ProjectName, index: string, status: ProjectStatus | undefined): void {
  if (status?.status === "quarantined") throw closed(project, index, status, "none of its files is promoted");
}

const closed = (project: ProjectName, index: string, { status, reason }: ProjectStatus, effect: string) =>
  new IndexError(
    "unprocessable",
    `${project} is ${status} in ${index}${reason ? ` (${reason})` : ""}, so ${effect}: an admin of ${index} can make it active again (pypi-edge release status ${project} active --index ${index}).`,
  );
