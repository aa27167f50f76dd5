import type { IndexConfig } from "../../schema/indexes.ts";
import type { UpstreamConfig } from "../../schema/upstreams.ts";

/**
 * The index whose addresses a source's pages carry: one stored page serves every index that has the source. It must be
 * an index in which no earlier source could own the name, or the page would lead to another project's documents.
 */
export function baseFor(upstream: UpstreamConfig, indexes: readonly IndexConfig[]): string | undefined {
  const before = ({ upstreams }: IndexConfig) => upstreams.slice(0, upstreams.indexOf(upstream));
  // An index that hosts packages may host the name itself, and one that needs a token is closed to other clients.
  const hides = ({ overlays, isPrivate }: IndexConfig) => Number(isPrivate || overlays.length > 0);
  const having = indexes
    .filter(({ upstreams }) => upstreams.includes(upstream))
    .toSorted((a, b) => hides(a) - hides(b));
  const first = having.find((index) => before(index).length === 0);
  const behindClaims = having.find((index) => before(index).every(({ projects }) => projects));
  return (first ?? behindClaims)?.base;
}
