import { messageOf } from "../errors.ts";
import { refOf, type FileRef } from "../pypi/file-url.ts";
import { kindOf, type Kind } from "../pypi/kind.ts";
import type { ProjectName } from "../pypi/name.ts";
import { newestRelease } from "../pypi/newest.ts";
import type { FileEntry } from "../pypi/page.ts";
import type { MirroredSource, Project } from "../repository/repository.ts";
import type { Context } from "../repository/context.ts";
import type { PopularAmong } from "../repository/ports/popularity.ts";

/** Larger files are fetched when a client asks for them. Bytes. */
const MAX_SIZE = 500_000_000;

/** More files of one release are not looked at: each is a read of the store. The largest releases on PyPI have half as many. */
const MAX_FILES = 200;

/** Takes a project whose page was just refreshed. */
export type Prefetch = (name: ProjectName, project: Project) => Promise<void>;

/**
 * Prefetches the newest release of popular projects: queues all of its `.metadata`, and its files of the kinds that clients ask
 * for. It looks only at pages that have just changed. It asks once for all of `names` which are popular, and not before a page has
 * changed. Never rejects: a failure is reported, and the files are fetched when a client asks for them.
 */
export function createPrefetch(source: MirroredSource, names: readonly ProjectName[], ctx: Context): Prefetch {
  const { popularity } = source;
  if (!popularity) return () => Promise.resolve();
  let wanted: Promise<PopularAmong> | undefined;
  return async (name, project) => {
    // An unchanged page comes from a store.
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

/** The files of the newest release on a page that are to be prefetched and are not stored. */
async function missing(
  { page, files: stored }: Project,
  name: ProjectName,
  kinds: ReadonlySet<Kind>,
  ctx: Context,
): Promise<FileRef[]> {
  const { files } = await page.model();
  const entries = newestRelease(name, files).slice(0, MAX_FILES);
  const refs = [...metadataOf(entries), ...filesOf(entries, kinds)];
  // A read of the store costs a third of a message whose file turns out to be stored.
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
