import type { Edge } from "../repository/ports/maintenance.ts";

/**
 * The cache in front of the worker, as the runtime hands it to an invocation; undefined on a self-hosted server, which
 * has none.
 */
export function edgeOf(cache: CacheContext | undefined): Edge | undefined {
  if (!cache) return undefined;
  return {
    async purge(what) {
      const { success, errors } = await cache.purge(
        what === "everything" ? { purgeEverything: true } : { tags: [...what] },
      );
      if (!success) throw new Error(`the edge was not purged: ${errors.map(({ message }) => message).join("; ")}`);
    },
  };
}
