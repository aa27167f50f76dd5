import type { Freshness, Verdicts } from "../../repository/ports/freshness.ts";
import type { Catalog } from "../d1/catalog.ts";

/** How often a verdict is written down anew while it stays the same. Milliseconds. */
const NOTED = 600_000;

/**
 * A source's verdicts, marked like good checks of pages that are not there. That a name has been the source's since is asked
 * of D1: a mark in another data centre's cache may be older, and a minute of believing it would hand the name to somebody
 * else.
 */
export function verdictsIn(marks: Freshness, catalog: Catalog): Verdicts {
  const isMarked = async (...[name, after, { now }]: Parameters<Verdicts["isAbsent"]>) =>
    (await marks.standing(name, { changedAt: 0, staleBefore: after, now })).kind === "fresh";

  return {
    noteOwned: (name, ctx) => marks.forget(name, ctx),

    noteAbsent(name, ctx) {
      const note = async () => {
        if (!(await isMarked(name, ctx.now - NOTED, ctx))) marks.good(name, ctx);
      };
      ctx.defer(note());
    },

    isAbsent: async (name, after, ctx) => (await isMarked(name, after, ctx)) && !(await catalog.has(name)),
  };
}
