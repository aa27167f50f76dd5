import type { Freshness, Verdicts } from "../repository/ports.ts";
import type { Catalog } from "./catalog.ts";

/** How often a verdict is written down anew while it stays the same. Milliseconds. */
const NOTED = 600_000;

/**
 * A source's verdicts as marks of when they were last given. That a name has been the source's since is asked of D1: a mark
 * in another data centre's cache may be older, and a minute of believing it would hand the name to somebody else.
 */
export const verdictsIn = (marks: Freshness, catalog: Catalog): Verdicts => ({
  noteAbsent(name, ctx) {
    const note = async () => {
      const noted = await marks.checkedAt(name, 0, ctx.now - NOTED);
      if (noted <= ctx.now - NOTED) marks.record(name, ctx.now, ctx);
    };
    ctx.defer(note());
  },

  async isAbsent(name, after) {
    return (await marks.checkedAt(name, 0, after)) > after && !(await catalog.has(name));
  },
});
