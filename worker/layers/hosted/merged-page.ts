import { messageOf } from "../../errors.ts";
import { renderJson } from "../../pypi/simple-json.ts";
import { hostedPage, merged, type ShownProject } from "./shown-project.ts";
import { MAX_IN_MEMORY, type MergedPages } from "../../repository/ports/hosted-packages.ts";
import { joined } from "../../repository/give-way.ts";
import { Page } from "../../repository/page.ts";
import { digestOf } from "../../repository/stored-json.ts";
import type { Context } from "../../repository/context.ts";

/** What a hosted file adds to a page: mostly digests, which cannot be compressed. Bytes, gzipped. */
const FILE_SIZE = 130;

/**
 * The page of what an index shows of a project that it hosts. It is made once a change: from then on it is in memory or, a
 * large one, in the store.
 *
 * @param below the page of the same project below, where that is shown as well
 */
export async function pageOf(
  holding: ShownProject,
  below: Page | null,
  made: MergedPages,
  ctx: Context,
): Promise<Page> {
  const { name, tiers } = holding;
  const files = tiers.reduce((count, tier) => count + tier.files.length, 0);
  const isLarge = files * FILE_SIZE + (below?.head.size ?? 0) > MAX_IN_MEMORY;
  const model = () => hostedPage(holding);
  // States are this isolate's; what all share is known by its content.
  const content = isLarge
    ? await digestOf(new TextEncoder().encode(await joined(renderJson(model(), {}).body)))
    : tiers.map(({ state }) => state).join(" ");
  const of = `${content} ${below?.head.digest ?? ""}`;

  const known = await made.get(name, of, isLarge, ctx.now).catch((error: unknown) => {
    ctx.report({ event: "storage-failed", what: `${name}, merged`, reason: messageOf(error) });
    return null;
  });
  if (known) {
    await below?.cancel();
    return seenWith(below, known);
  }
  const page = await Page.from(below ? merged(model(), await below.model()) : model(), {}, ctx.now);
  ctx.defer(made.put(name, of, isLarge, page, ctx.now));
  return seenWith(below, page.as(below?.via ?? "d1"));
}

/** The page, as old as what of it came from below. */
const seenWith = (below: Page | null, page: Page) =>
  below?.uncheckedSince === undefined ? page : page.stale(below.uncheckedSince);
