import type { ProjectName } from "../pypi/name.ts";
import { ProjectList } from "../repository/project-list.ts";
import type { RootBatches } from "../repository/list-shapes.ts";
import { sha256 } from "../repository/sha256.ts";
import type { Repository } from "../repository/repository.ts";
import type { Context } from "../repository/context.ts";

/** A source whose listing is part of an index's. */
interface Part {
  readonly repository: Pick<Repository, "projects">;
  /** Whether a name in its listing is served from it. */
  readonly has: (name: ProjectName) => boolean;
}

/**
 * How many names are remembered so that each is listed once. Those of the last source, the largest, need not be
 * remembered.
 */
const MAX_REMEMBERED = 100_000;

/**
 * Merges the root listings of several sources into one stream: each name once, the first source's names first. Their serials are
 * times, which can be compared (`datedListing`). Its digest is made of theirs, so it is known before they are read, unless one of them has none yet.
 *
 * @param routing goes into the digest: listings of the same sources that are merged by other rules must differ
 */
export async function mergeListings(parts: readonly Part[], routing: string, ctx: Context): Promise<ProjectList> {
  const opened: Opened[] = [];
  const cancelAll = () => Promise.allSettled(opened.map(({ list }) => list.cancel()));
  try {
    for (const { repository, has } of parts) opened.push({ list: await repository.projects(ctx), has });
  } catch (error) {
    await cancelAll();
    throw error;
  }
  const heads = opened.map(({ list }) => list.head);
  const digests = heads.map(({ digest }) => digest);
  const head = {
    digest: digests.includes("") ? "" : digestFrom([...digests, routing]),
    changedAt: Math.max(...heads.map(({ changedAt }) => changedAt)),
    serial: Math.max(0, ...heads.map(({ serial }) => serial ?? 0)),
    validators: {},
  };
  const merged = ProjectList.of(head, batchesOf(opened, cancelAll), cancelAll, "r2", ctx);
  const unchecked = opened.map(({ list }) => list.uncheckedSince).filter((since) => since !== undefined);
  return unchecked.length > 0 ? merged.stale(Math.min(...unchecked)) : merged;
}

const digestFrom = (parts: readonly string[]) => sha256(new TextEncoder().encode(parts.join("\n"))).slice(0, 32);

interface Opened {
  readonly list: ProjectList;
  readonly has: Part["has"];
}

async function* batchesOf(opened: readonly Opened[], cancelAll: () => Promise<unknown>): RootBatches {
  const seen = new Set<string>();
  try {
    for (const [at, { list, has }] of opened.entries()) {
      const last = at === opened.length - 1;
      for await (const entries of list.entries()) {
        const own = entries.filter(({ name }) => has(name) && !seen.has(name));
        if (own.length === 0) continue;
        if (!last && seen.size < MAX_REMEMBERED) for (const { name } of own) seen.add(name);
        yield own;
      }
    }
  } finally {
    await cancelAll();
  }
}
