import type { Context as HonoContext } from "hono";
import { readableBy, type Authorize } from "../http/access.ts";
import type { AppEnv } from "../http/context.ts";
import { countHosted } from "../http/search.ts";
import { counted } from "../pypi/counted.ts";
import type { Context } from "../repository/context.ts";
import type { Repository } from "../repository/repository.ts";
import type { PagePlace } from "./layout.tsx";

/** An index, as others lead to it. */
export interface NeighbourIndex extends Pick<PagePlace, "name" | "base"> {
  /** Whether reading needs a token. */
  readonly isPrivate: boolean;
  readonly repository: Repository;
}

/** The indexes beside one that the sender may read; a view's own index is beside it. */
export async function otherIndexes(
  c: HonoContext<AppEnv>,
  authorize: Authorize,
  { base, indexes }: Pick<PagePlace, "base"> & { readonly indexes: readonly NeighbourIndex[] },
): Promise<readonly NeighbourIndex[]> {
  const mayRead = await readableBy(c, authorize);
  return indexes.filter((other) => other.base !== base && mayRead(other));
}

/** An index in which the same can be searched for. */
export interface OtherSearch extends Pick<PagePlace, "name" | "base"> {
  /** How many projects that it hosts have it in their names; undefined: not counted. */
  readonly hosted: number | undefined;
}

/** In so many other indexes it is counted what is found: each count reads what one hosts. */
const MAX_COUNTED = 5;

/**
 * The same search in the other indexes that the sender may read.
 *
 * @param ctx of a person who looks
 */
export async function otherSearches(
  c: HonoContext<AppEnv>,
  authorize: Authorize,
  index: Parameters<typeof otherIndexes>[2],
  query: string,
  ctx: Context,
): Promise<readonly OtherSearch[]> {
  const others = await otherIndexes(c, authorize, index);
  const searches = await Promise.all(
    others.map(async ({ name, base, repository }, at) => ({
      name,
      base,
      hosted: at < MAX_COUNTED ? await countHosted({ repository }, query, ctx) : undefined,
    })),
  );
  // Those with something to find first.
  return searches.toSorted((one, other) => Number((other.hosted ?? 0) > 0) - Number((one.hosted ?? 0) > 0));
}

interface SearchElsewhereProps {
  readonly place: Pick<PagePlace, "up">;
  readonly query: string;
  readonly others: readonly OtherSearch[];
}

/** Leads to the same search in the other indexes; nothing where there are none. */
export const SearchElsewhere = ({ place, query, others }: SearchElsewhereProps) =>
  others.length === 0 ? null : (
    <>
      <h2>In other indexes</h2>
      <ul class="plain">
        {others.map(({ name, base, hosted = 0 }) => (
          <li>
            <a href={`${place.up}${base === "" ? "" : `${base.slice(1)}/`}search?q=${encodeURIComponent(query)}`}>
              Search in {name}
            </a>
            {hosted > 0 && <span class="soft">: {counted(hosted, "project")} hosted there</span>}
          </li>
        ))}
      </ul>
    </>
  );
