import { messageOf, upstreamFailed } from "../errors.ts";
import { refOf } from "../pypi/file-url.ts";
import type { ProjectName } from "../pypi/name.ts";
import { readOrReport } from "./revalidate.ts";
import { provenanceKey, type Page } from "../repository/page.ts";
import type { QueryStore } from "../repository/ports/pages.ts";
import type { SourcePages } from "../repository/repository.ts";
import type { ListedFile } from "../repository/artifact.ts";
import type { Context } from "../repository/context.ts";

/**
 * Stores the queries of a page that was just made. They may differ although the page is the same: signatures are new
 * each time. For a page that has no queries, and had none, this reads and writes nothing.
 *
 * @param known the page that was stored before
 */
export async function keepQueries(
  name: ProjectName,
  { head, extras: { queries } }: Page,
  known: Page | undefined,
  store: QueryStore,
  ctx: Context,
): Promise<void> {
  if (!head.signed && !known?.head.signed) return;
  const failed = (error: unknown) =>
    ctx.report({ event: "storage-failed", what: `the true URLs of ${name}`, reason: messageOf(error) });
  const kept = known?.head.signed && (await readOrReport(() => store.get(name, ctx.now), name, ctx));
  if (kept && queries && JSON.stringify(kept) === JSON.stringify(queries)) return;
  // The answer does not wait for this: a request that finds no record fetches the page once more.
  ctx.defer((queries ? store.put(name, queries, ctx.now) : store.delete(name)).catch(failed));
}

/**
 * Adds to a listed file the query of its true URL, or of its provenance's. Where no record has it, the page is fetched
 * once more. Throws `upstream-failed` where the new page has no query for it either.
 */
export async function withQuery(
  listed: ListedFile,
  of: "file" | "provenance",
  store: QueryStore,
  pageOf: SourcePages["project"],
  ctx: Context,
): Promise<ListedFile> {
  const { project, entry } = listed;
  const key = of === "file" ? entry.url : provenanceKey(entry);
  const find = async () => (await readOrReport(() => store.get(project, ctx.now), project, ctx))?.[key];
  let query = await find();
  if (query === undefined) {
    const page = await pageOf(project, ctx, { remake: true });
    await page?.cancel();
    query = await find();
  }
  if (query === undefined) {
    throw upstreamFailed(refOf(entry, "file").origin, `the page of ${project} does not say where ${entry.filename} is`);
  }
  return { project, entry: { ...entry, [of === "file" ? "_query" : "_provenanceQuery"]: query } };
}
