import { messageOf } from "../../errors.ts";
import { dependsOnAdvisories, needsAdvisories } from "../../policy/judge.ts";
import type { Advisories } from "../../policy/osv/advisories.ts";
import type { Policy } from "../../policy/policy.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../../repository/context.ts";
import type { NowOrLater } from "../../repository/now-or-later.ts";

/** Finds what is known of a project's versions; undefined where no advisories are loaded. Rejects where a store fails. */
export type FindAdvisories = (name: ProjectName, ctx: Context) => NowOrLater<Advisories | undefined>;

/**
 * The same for the rules of an index: nothing is looked up where no rule asks for it. Where a store fails, what would be
 * refused cannot be told: an index that refuses by advisories then answers with the store's error, and one that only counts
 * or marks lets through what it does not know.
 *
 * @param isAlways whether they are looked up also where no rule asks for them
 */
export function advisoriesFor(policies: readonly Policy[], find: FindAdvisories, isAlways = false): FindAdvisories {
  if (!isAlways && !needsAdvisories(policies)) return () => undefined;
  if (dependsOnAdvisories(policies)) return find;
  return (name, ctx) => {
    const found = find(name, ctx);
    if (!(found instanceof Promise)) return found;
    return found.catch((error: unknown) => {
      ctx.report({ event: "storage-failed", what: `the advisories on ${name}`, reason: messageOf(error) });
      return undefined;
    });
  };
}
