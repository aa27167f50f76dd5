import type { Context as HonoContext } from "hono";
import { readableBy, type Authorize } from "../http/access.ts";
import type { AppEnv } from "../http/context.ts";
import type { PagePlace } from "./layout.tsx";

/** An index, as others lead to it. */
export interface NeighbourIndex extends Pick<PagePlace, "name" | "base"> {
  /** Whether reading needs a token. */
  readonly isPrivate: boolean;
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

interface SearchElsewhereProps {
  readonly place: Pick<PagePlace, "up">;
  readonly query: string;
  readonly others: readonly NeighbourIndex[];
}

/** Leads to the same search in the other indexes; nothing where there are none. */
export const SearchElsewhere = ({ place, query, others }: SearchElsewhereProps) =>
  others.length === 0 ? null : (
    <p>
      {others.map(({ name, base }, at) => (
        <>
          {at > 0 && " · "}
          <a href={`${place.up}${base === "" ? "" : `${base.slice(1)}/`}search?q=${encodeURIComponent(query)}`}>
            Search in {name}
          </a>
        </>
      ))}
    </p>
  );
