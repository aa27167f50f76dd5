import { HOUR } from "../../duration.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Advisories } from "../../policy/osv/advisories.ts";
import type { Context } from "../../repository/context.ts";
import type { Page } from "../../repository/page.ts";
import type { GuardedPage, GuardedPages } from "../../repository/ports/guarded-pages.ts";
import type { ProjectFiles } from "../../repository/repository.ts";
import { guardedPage } from "./guarded-page.ts";
import type { FindAdvisories } from "./known-advisories.ts";
import type { Rules } from "./rules.ts";

/** Estimated memory of a refused file's entry. Bytes. */
const REFUSED_SIZE = 400;

/** What policies make of pages, made once for each page, policy and set of advisories. */
interface GuardedViews {
  /** What the policy made of a page; undefined where that is not in memory, or where other things are known by now. */
  known(
    rules: Rules,
    page: Pick<Page, "head">,
    name: ProjectName,
    advisories: Advisories | undefined,
    ctx: Context,
  ): GuardedPage | undefined;
  /** What the policy makes of a page that is in memory. */
  of(
    rules: Rules,
    found: { readonly page: Page; readonly files: Pick<ProjectFiles, "source"> },
    name: ProjectName,
    advisories: Advisories | undefined,
    ctx: Context,
  ): Promise<GuardedPage>;
}

/** @param findAll finds advisories where no rule asks for them, to tell which held files mend something; undefined: that is not found out */
export function guardedViews(pages: GuardedPages, findAll: FindAdvisories | undefined): GuardedViews {
  const known: GuardedViews["known"] = (rules, { head }, name, advisories, ctx) => {
    const view = pages.get(name, ctx.now);
    if (view?.of !== head.digest || view.by !== rules || view.advisories !== advisories) return undefined;
    return view.madeAt <= ctx.now ? view : undefined;
  };

  return {
    known,
    async of(rules, { page, files }, name, advisories, ctx) {
      const view = known(rules, page, name, advisories, ctx);
      if (view) return view;
      const findAdvisories = findAll && (async () => findAll(name, ctx));
      const made = await guardedPage({ page, source: files.source, rules, advisories, findAdvisories }, ctx);
      const { until = Infinity, refused } = made;
      // Rules that ask for no advisories have it made anew for none.
      const keptUntil = !advisories && findAdvisories && refused.size > 0 ? Math.min(until, ctx.now + HOUR) : until;
      // Its HTML is about as large.
      pages.set(name, made, 2 * (made.shown?.weight ?? 0) + REFUSED_SIZE * refused.size, keptUntil);
      return made;
    },
  };
}
