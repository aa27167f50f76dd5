import { isPermitted, requirePermission, type Principal } from "../auth/principal.ts";
import { badRequest, IndexError } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { AnnouncedFile } from "./announcement.ts";
import type { ReleaseIndex } from "./releases/optimistic-write.ts";
import type { UploadSession } from "./upload-sessions.ts";

/** How many part numbers a message lists. */
const MAX_LISTED_PARTS = 10;

/** Throws `no-such-route` where no index of this name takes uploads. */
export function requireHostingIndex(indexes: readonly ReleaseIndex[], name: string): ReleaseIndex {
  const index = indexes.find((each) => each.hosted && each.name === name);
  if (index) return index;
  throw new IndexError(
    "no-such-route",
    `There is no index ${JSON.stringify(name.slice(0, 40))} here that takes uploads; the configuration says which do (hosted = true).`,
  );
}

/**
 * Restricts the file to the projects that the principal may write, so that nothing is revealed about others.
 *
 * @throws IndexError `not-allowed` where none is left
 */
export function restrictToPermitted(file: AnnouncedFile, principal: Principal): AnnouncedFile {
  const permission = (project: ProjectName) => ({ scope: "upload", index: file.index, project }) as const;
  const projects = file.projects.filter((project) => isPermitted(principal, permission(project)));
  const [first] = file.projects;
  if (projects.length === 0 && first !== undefined) requirePermission(principal, permission(first));
  return { ...file, projects };
}

/** Throws `bad-request` where parts are missing. */
export function requireAllParts({ filename, size, partSize, parts }: UploadSession): void {
  const all = Array.from({ length: Math.ceil(size / partSize) }, (_, at) => at + 1);
  const missing = all.filter((number) => !parts.has(number));
  if (missing.length === 0) return;
  const more = missing.length > MAX_LISTED_PARTS ? ` and ${missing.length - MAX_LISTED_PARTS} more` : "";
  throw badRequest(
    `${missing.length} of ${all.length} parts of ${filename} have not arrived: ${missing.slice(0, MAX_LISTED_PARTS).join(", ")}${more}. Send them, then finish the upload.`,
  );
}

/** The error for a filename that the index has, or had. */
export const fileExists = ({ filename, index }: AnnouncedFile, isThere: boolean) =>
  new IndexError(
    "file-exists",
    `File already exists: ${filename}. ${index} ${isThere ? "has it with other bytes" : "had it, and it was deleted"}. A filename can be used only once: raise the version and build again.`,
  );

/** The error for a principal that has `limit` unfinished uploads. */
export const tooManyUnfinished = ({ name }: Principal, limit: number) =>
  new IndexError(
    "too-many-attempts",
    `The token ${JSON.stringify(name)} has ${limit} unfinished uploads; finish or abort one of them, or wait: each ends a day after it began.`,
  );

/** The error for an upload that is not there, or not the principal's. */
export const uploadNotFound = () =>
  new IndexError(
    "upload-not-found",
    "You have no such upload: it was finished or aborted, or a day has passed since it began. Begin it again; the answer says if the file is published already.",
  );

/** The error for a part, or the end, of an upload that takes no more parts. */
export const noLongerOpen = ({ filename }: UploadSession) =>
  new IndexError(
    "upload-not-found",
    `This upload of ${filename} takes no more parts: all of them have arrived, or it was aborted. Begin it again; the answer says which parts are missing.`,
  );
