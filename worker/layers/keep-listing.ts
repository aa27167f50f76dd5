import type { Layer } from "../repository/repository.ts";
import { readOrReport } from "./revalidate.ts";
import { storedWhileRead, THE_LISTING, type ListingParts } from "./store-listing.ts";

/**
 * Stores the root listing that the layers below put together, for as long as they would put it together of the same
 * parts: merging PyPI's with another's takes seconds.
 */
export function keepListing(parts: ListingParts): Layer {
  return (inner) => ({
    ...inner,
    async projects(ctx) {
      const list = await inner.projects(ctx);
      // A listing that is on its way from an upstream is stored there, and then has a digest.
      if (list.content.isStored || list.head.digest === "") return list;
      const stored = await readOrReport(() => parts.lists.get(ctx), THE_LISTING, ctx);
      if (stored?.head.digest !== list.head.digest) {
        await stored?.cancel();
        return storedWhileRead(list, parts, ctx);
      }
      await list.cancel();
      return list.with(stored.content);
    },
  });
}
