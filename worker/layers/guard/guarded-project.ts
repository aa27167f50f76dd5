import type { FileRef } from "../../pypi/file-url.ts";
import type { Page } from "../../repository/page.ts";
import type { GuardedPage } from "../../repository/ports/guarded-pages.ts";
import type { Project, ProjectFiles } from "../../repository/repository.ts";

/**
 * A project as the index shows it, and what the policy makes of its page. A class, since each request for a page makes one, and an
 * object with a getter of its own takes a microsecond to make.
 */
export class GuardedProject implements Project {
  readonly page: Page;
  readonly view: GuardedPage;
  readonly #files: ProjectFiles;

  /** @param files all that the layers below have */
  constructor(page: Page, files: ProjectFiles, view: GuardedPage) {
    this.page = page;
    this.view = view;
    this.#files = files;
  }

  get until(): number | undefined {
    return this.view.until;
  }

  /** Its files, without those that the policy refuses. Who only shows the page needs none. */
  get files(): ProjectFiles {
    const { refused } = this.view;
    return refused.size === 0 ? this.#files : without(refused, this.#files);
  }
}

function without(refused: GuardedPage["refused"], files: ProjectFiles): ProjectFiles {
  const isRefused = ({ origin, path }: FileRef) => refused.has(`${origin}/${path}`);
  return {
    ...files,
    file: async (request, ctx) => (isRefused(request.ref) ? null : files.file(request, ctx)),
    stored: async (ref, ctx) => (isRefused(ref) ? null : files.stored(ref, ctx)),
    read: async (ref, ctx) => (isRefused(ref) ? null : files.read(ref, ctx)),
    enqueue: (refs, ctx) =>
      files.enqueue(
        refs.filter((ref) => !isRefused(ref)),
        ctx,
      ),
  };
}
