import { readOrReport } from "../revalidate.ts";
import { hostedPage, mergePages, type ShownProject } from "./shown-project.ts";
import { MAX_IN_MEMORY, type MergedPages } from "../../repository/ports/hosted-packages.ts";
import { Page } from "../../repository/page.ts";
import type { Context } from "../../repository/context.ts";

/** Estimated size that one hosted file adds to a gzipped page: mostly digests, which do not compress. Bytes. */
const FILE_SIZE = 130;

/**
 * The page of a project that the index hosts. It is made once for each change, and then kept in memory or, if large, in
 * KV.
 *
 * @param below the page of the same project in the sources, where the index merges the two
 * @param root as of `hostedPage`
 */
export async function mergedPage(
  holding: ShownProject,
  below: Page | null,
  made: MergedPages,
  root: string | undefined,
  ctx: Context,
): Promise<Page> {
  const { name, tiers } = holding;
  const files = tiers.reduce((count, tier) => count + tier.files.length, 0);
  const isLarge = files * FILE_SIZE + (below?.head.size ?? 0) > MAX_IN_MEMORY;
  const model = () => hostedPage(holding, root);
  const of = `${tiers.map(({ state }) => state).join(" ")} ${below?.head.digest ?? ""} ${root ?? ""}`;

  const known = await readOrReport(() => made.get(name, of, isLarge, ctx.now), `${name}, merged`, ctx);
  if (known) {
    await below?.cancel();
    return seenWith(below, known);
  }
  const page = await Page.from(below ? mergePages(model(), await below.model()) : model(), {}, ctx.now);
  ctx.defer(made.put(name, of, isLarge, page, ctx.now));
  return seenWith(below, page.as(below?.via ?? "d1"));
}

/** Marks the page as stale where the page below is stale. */
const seenWith = (below: Page | null, page: Page) =>
  below?.uncheckedSince === undefined ? page : page.stale(below.uncheckedSince);
