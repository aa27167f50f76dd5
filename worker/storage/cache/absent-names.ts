import { MINUTE } from "../../duration.ts";
import type { Freshness, AbsentNames } from "../../repository/ports/freshness.ts";
import type { Catalog } from "../d1/catalog.ts";

/** An unchanged record is written again at most once in this time. Milliseconds. */
const REWRITE_INTERVAL = 10 * MINUTE;

/**
 * The names that a source does not own: "does not own this name" is recorded like a successful revalidation of a missing page. Whether
 * the source has owned the name since is read from D1: a mark in another data centre's cache may be older, and
 * believing it for a minute would give the name to another source.
 */
export function absentNamesIn(marks: Freshness, catalog: Catalog): AbsentNames {
  const isMarked = async (...[name, after, { now }]: Parameters<AbsentNames["isAbsent"]>) =>
    (await marks.standing(name, { changedAt: 0, staleBefore: after, now })).kind === "fresh";

  return {
    noteOwned: (name, ctx) => marks.forget(name, ctx),

    noteAbsent(name, ctx) {
      const note = async () => {
        if (!(await isMarked(name, ctx.now - REWRITE_INTERVAL, ctx))) marks.good(name, ctx);
      };
      ctx.defer(note());
    },

    isAbsent: async (name, after, ctx) => (await isMarked(name, after, ctx)) && !(await catalog.has(name)),
  };
}
