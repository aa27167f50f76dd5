import type { ProjectName } from "../pypi/name.ts";
import { rootJson } from "../pypi/simple-json.ts";
import { ProjectList } from "../repository/project-list.ts";
import { readable } from "../repository/readable.ts";
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
 * Merges the root listings of several sources into one stream: each name once, the first source's names first.
 *
 * @param routing goes into the digest: listings of the same sources that are merged by other rules must differ
 */
export async function mergeListings(parts: readonly Part[], routing: string, ctx: Context): Promise<ProjectList> {
  const opened: { list: ProjectList; has: Part["has"] }[] = [];
  const cancelAll = () => Promise.allSettled(opened.map(({ list }) => list.cancel()));
  try {
    for (const { repository, has } of parts) opened.push({ list: await repository.projects(ctx), has });
  } catch (error) {
    await cancelAll();
    throw error;
  }
  const heads = opened.map(({ list }) => list.head);
  const head = {
    digest: [...heads.map(({ digest }) => digest), routing].join("-"),
    changedAt: Math.max(...heads.map(({ changedAt }) => changedAt)),
    // A tool that mirrors the index follows serials. Only the last source's are given: serials of two sources cannot be
    // compared.
    serial: heads.at(-1)?.serial,
    validators: {},
  };
  const merged = new ProjectList(head, readable(asJson(opened, head.serial), cancelAll), false, "r2");
  const unchecked = opened.map(({ list }) => list.uncheckedSince).filter((since) => since !== undefined);
  return unchecked.length > 0 ? merged.stale(Math.min(...unchecked)) : merged;
}

async function* asJson(opened: readonly { list: ProjectList; has: Part["has"] }[], serial: number | undefined) {
  const seen = new Set<string>();
  yield rootJson.opening(serial);
  let separator = "";
  for (const [at, { list, has }] of opened.entries()) {
    const last = at === opened.length - 1;
    for await (const entries of list.entries()) {
      const own = entries.filter(({ name }) => has(name) && !seen.has(name));
      if (own.length === 0) continue;
      if (!last && seen.size < MAX_REMEMBERED) for (const { name } of own) seen.add(name);
      const lines = own.map((entry) => rootJson.project(last ? entry : { name: entry.name }));
      yield separator + lines.join(",\n");
      separator = ",\n";
    }
  }
  yield rootJson.closing;
}
