import { SECOND } from "../duration.ts";
import { upstreamFailed } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import { type FileEntry, isUnderQuarantine } from "../pypi/page.ts";
import { readStatus } from "../pypi/simple-json.ts";
import type { Page } from "../repository/page.ts";
import { fileQuarantined } from "./quarantine.ts";
import type { Revalidation, SourcePages } from "../repository/repository.ts";
import type { ListedFile } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";

/** A page that does not list a file is revalidated if that was last done longer ago than this. Milliseconds. */
export const LISTING_MAX_AGE = 30 * SECOND;

/**
 * The entry that `find` looks for in the text of a project's page; undefined where the page has none, null where there
 * is no such project. Throws `upstream-failed`, naming `host`, where the page has no such entry and could not be
 * revalidated, and `not-allowed` where the project is under quarantine.
 */
export async function findListed(
  project: ProjectName,
  host: string,
  find: (text: string) => FileEntry | undefined,
  inner: Pick<SourcePages, "project">,
  ctx: Context,
  demand?: Revalidation,
): Promise<ListedFile | undefined | null> {
  let page = await inner.project(project, ctx, demand);
  if (!page) return null;
  const { via } = page;
  let entry = await entryOn(page, project, find);
  if (!entry && via !== "upstream" && via !== "stale") {
    // A lock file may name a file that is newer than the stored page: the page is then revalidated once.
    page = await inner.project(project, ctx, { ...demand, maxAgeMs: LISTING_MAX_AGE });
    entry = await entryOn(page, project, find);
  }
  // The file may be newer than the stale page, so the answer must not say that it does not exist.
  if (!entry && page?.via === "stale") throw upstreamFailed(host, `the page of ${project} could not be checked`);
  return entry && { project, entry };
}

async function entryOn(page: Page | null, project: ProjectName, find: (text: string) => FileEntry | undefined) {
  if (!page) return undefined;
  const text = await page.text();
  const entry = find(text);
  const status = entry ? undefined : readStatus(text);
  if (isUnderQuarantine(status)) throw fileQuarantined(project, status);
  return entry;
}
