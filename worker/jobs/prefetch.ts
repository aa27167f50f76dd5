import { messageOf } from "../errors.ts";
import { refOf, type FileRef } from "../pypi/file-url.ts";
import { kindOf, type Kind } from "../pypi/kind.ts";
import type { ProjectName } from "../pypi/name.ts";
import { newestRelease } from "../pypi/newest.ts";
import type { FileEntry } from "../pypi/page.ts";
import type { MirroredSource, Project } from "../repository/repository.ts";
import type { Context } from "../repository/context.ts";
import type { PopularAmong } from "../repository/ports/popularity.ts";

/** Larger files are fetched when somebody asks for them. Bytes. */
const MAX_SIZE = 500_000_000;

/** More files of one release are not looked at: each is a read of the store. The largest releases on PyPI have half as many. */
const MAX_FILES = 200;

/** Sees to a page that a refresh was answered with. */
export type Prefetch = (name: ProjectName, project: Project) => Promise<void>;

/**
 * What has the newest release of popular projects stored before it is asked for: all of its `.metadata`, and its files of
 * the kinds that clients ask for. It looks at pages that have just changed alone. What is popular is asked once for all of
 * `names`, and not before a page has changed. Never rejects: what could not be queued is reported, and is fetched when somebody
 * asks for it.
 */
export function prefetching(source: MirroredSource, names: readonly ProjectName[], ctx: Context): Prefetch {
  const { popularity } = source;
  if (!popularity) return () => Promise.resolve();
  let wanted: Promise<PopularAmong> | undefined;
  return async (name, project) => {
    // One that is unchanged comes from where it is kept.
    if (project.page.via !== "upstream") return;
    const reported = (event: "storage-failed" | "queue-failed") => (error: unknown) =>
      ctx.report({ event, what: `the newest release of ${name}, to be fetched ahead`, reason: messageOf(error) });
    const look = async () => {
      wanted ??= popularity.among(names, ctx.now);
      const { projects, kinds } = await wanted;
      return projects.has(name) ? missing(project, name, kinds, ctx) : [];
    };
    const refs = (await look().catch(reported("storage-failed"))) ?? [];
    if (refs.length > 0) await project.files.enqueue(refs, ctx).catch(reported("queue-failed"));
  };
}

/** What of the newest release on a page is to be stored and is not. */
async function missing(
  { page, files: stored }: Project,
  name: ProjectName,
  kinds: ReadonlySet<Kind>,
  ctx: Context,
): Promise<FileRef[]> {
  const { files } = await page.model();
  const entries = newestRelease(name, files).slice(0, MAX_FILES);
  const refs = [...metadataOf(entries), ...filesOf(entries, kinds)];
  // A read of the store costs a third of what a message does that turns out to be about nothing.
  const found = await Promise.all(refs.map((ref) => stored.stored(ref, ctx)));
  return refs.filter((_, at) => !found[at]);
}

const metadataOf = (entries: readonly FileEntry[]) =>
  entries.filter((entry) => entry["core-metadata"]).map((entry) => refOf(entry, "metadata"));

function filesOf(entries: readonly FileEntry[], kinds: ReadonlySet<Kind>): FileRef[] {
  const wanted = entries.filter(
    ({ filename, size = Infinity }) => kinds.has(kindOf(filename) ?? "") && size <= MAX_SIZE,
  );
  return wanted.map((entry) => refOf(entry, "file"));
}
