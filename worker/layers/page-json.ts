import { IndexError } from "../errors.ts";
import type { ProjectName } from "../pypi/name.ts";
import { parsedJson } from "../pypi/parsed-json.ts";
import { projectJson } from "../pypi/project-json.ts";
import type { Context } from "../repository/context.ts";
import { Document } from "../repository/document.ts";
import type { Page } from "../repository/page.ts";
import type { DocumentRequest, Layer, Repository } from "../repository/repository.ts";
import { wholeDated } from "./date-serials.ts";

/**
 * Of an index that does not show just what its one source has: the root listing has times for serials, and a project's JSON is made of
 * its page, so that a mirror, which reads nothing else, gets what the page has. Where every file of a project is refused, that is none.
 */
export const pageJson: Layer = (inner) => ({
  ...inner,
  projects: async (ctx) => wholeDated(await inner.projects(ctx), ctx),
  document: (request, ctx) =>
    request.ref.kind === "project-json"
      ? jsonOf(request.ref.project, request, inner, ctx)
      : inner.document(request, ctx),
});

async function jsonOf(name: ProjectName, request: DocumentRequest, inner: Repository, ctx: Context) {
  const page = await pageOf(name, inner, ctx);
  if (page === "refused") {
    const text = JSON.stringify(projectJson({ name, files: [] }, undefined, ctx.now));
    return Document.made(text, ctx.now, "memory");
  }
  if (!page) return null;
  const document = await unlessAbsent(() => inner.document(request, ctx));
  const upstream = document ? (parsedJson(await document.text()) as Record<string, unknown>) : undefined;
  const { changedAt } = page.head;
  const text = JSON.stringify(projectJson(await page.model(), upstream, changedAt));
  const made = await (document ? document.rewritten(text, ctx.now) : Document.made(text, changedAt, page.via));
  return page.uncheckedSince === undefined ? made : made.stale(page.uncheckedSince);
}

/** The project's page; `refused` where the policy refuses every file of it. */
async function pageOf(name: ProjectName, inner: Repository, ctx: Context): Promise<Page | "refused" | null> {
  try {
    const found = await inner.project(name, ctx);
    return found && (await found.page.buffered());
  } catch (error) {
    if (error instanceof IndexError && error.policy?.isEveryFile) return "refused";
    throw error;
  }
}

/** The upstream's JSON; null where there is none: the page says enough. */
async function unlessAbsent<Found>(find: () => Promise<Found | null>): Promise<Found | null> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof IndexError && error.kind === "document-not-found") return null;
    throw error;
  }
}
