import { fileLabel, refOf } from "../pypi/file-url.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { FileEntry } from "../pypi/page.ts";
import type { Context } from "../repository/context.ts";
import { Page } from "../repository/page.ts";
import type { MirrorContent, MirrorContents, MirrorPages } from "../repository/ports/mirror.ts";
import { ProjectList } from "../repository/project-list.ts";
import type { FileRequest, Layer, Project, Repository } from "../repository/repository.ts";
import { guardedJson } from "./guard/guarded-document.ts";
import { withoutVersions } from "./guard/guarded-page.ts";

export interface MirroredOnlyParts {
  readonly contents: MirrorContents;
  readonly pages: MirrorPages;
}

/**
 * Shows of a source only what is mirrored on purpose and stored: pages list nothing else, other projects do not exist, and no file
 * is fetched because a client asks. Jobs enter below it.
 */
export function mirroredOnly({ contents, pages }: MirroredOnlyParts): Layer {
  async function shown(
    inner: Repository,
    name: ProjectName,
    ...[ctx, demand]: ProjectArguments
  ): Promise<Project | null> {
    const content = await contents.of(name);
    const found = content && (await inner.project(name, ctx, demand));
    if (!found) return null;
    const { page, files } = found;
    const of = `${page.head.digest} ${content.digest}`;
    const known = pages.get(name, ctx.now);
    let made = known?.of === of ? known.page : undefined;
    if (made) await page.cancel();
    else {
      made = await storedPart(page, content, ctx);
      // Its HTML is about as large.
      pages.set(name, { of, page: made }, 2 * made.weight);
    }
    const streamed = await made.as(page.via).streamed();
    return {
      page: page.uncheckedSince === undefined ? streamed : streamed.stale(page.uncheckedSince),
      files: { ...files, file: (request, own) => files.file(storedOnly(request), own) },
    };
  }

  return (inner) => ({
    async projects(ctx) {
      const { digest, changedAt, batches } = await contents.listing();
      return ProjectList.of({ digest, changedAt, validators: {} }, batches, async () => undefined, "d1", ctx);
    },

    project: (name, ctx, demand) => shown(inner, name, ctx, demand),

    file: (request, ctx) => inner.file(storedOnly(request), ctx),

    async document(request, ctx) {
      const { ref } = request;
      const found = await shown(inner, ref.project, ctx);
      if (!found) return null;
      if (ref.kind === "provenance") {
        await found.page.cancel();
        return inner.document(request, ctx);
      }
      const model = await found.page.model();
      const document = await inner.document(request, ctx);
      return document && guardedJson(ref, document, model, inner, ctx);
    },

    hostedFiles: (of, ctx) => inner.hostedFiles(of, ctx),
  });
}

type ProjectArguments = Parameters<Repository["project"]> extends [ProjectName, ...infer Rest] ? Rest : never;

/** The page with those files only that are stored. Where some are still to be stored, it has no serial: it will change. */
async function storedPart(page: Page, { stored, isComplete }: MirrorContent, ctx: Context): Promise<Page> {
  const { lastSerial, ...model } = await page.model();
  const files = model.files.flatMap((entry): FileEntry[] => {
    if (!stored.has(fileLabel(refOf(entry, "file")))) return [];
    if (!entry["core-metadata"] || stored.has(fileLabel(refOf(entry, "metadata")))) return [entry];
    const { "core-metadata": _, ...rest } = entry;
    return [rest];
  });
  return Page.from(withoutVersions({ ...model, files, ...(isComplete && { lastSerial }) }), {}, ctx.now);
}

const storedOnly = (request: FileRequest): FileRequest => ({ ...request, storedOnly: true });
