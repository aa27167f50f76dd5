import { IndexError } from "../../worker/errors.ts";
import type { ProjectName } from "../../worker/pypi/name.ts";
import type { ListedFile } from "../../worker/repository/artifact.ts";
import type { Context } from "../../worker/repository/context.ts";
import { Page } from "../../worker/repository/page.ts";
import type { Layer, Project, ProjectFiles } from "../../worker/repository/repository.ts";
import { mergeListings } from "../../worker/layers/merge-listings.ts";

/** What a probe hides: whole projects, and files by their names. */
export interface Hidden {
  readonly projects: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
  /** Projects that have a hidden file beside others. */
  readonly partly: ReadonlySet<string>;
}

/** A layer that hides files and projects, as a guard would: put on top of an index, nothing of it may go round it. */
export function hiding({ projects, files, partly }: Hidden): Layer {
  const isShown = (name: ProjectName) => !projects.has(name);
  const refused = () => new IndexError("file-not-found", "The probe hides this file.");

  function filesOf(inner: ProjectFiles): ProjectFiles {
    const isHidden = ({ filename }: { readonly filename: string }) => files.has(filename);
    return {
      ...inner,
      file: async (request, ctx) => (isHidden(request.ref) ? null : inner.file(request, ctx)),
      stored: async (ref, ctx) => (isHidden(ref) ? null : inner.stored(ref, ctx)),
      read: async (ref, ctx) => (isHidden(ref) ? null : inner.read(ref, ctx)),
      enqueue: (refs, ctx) =>
        inner.enqueue(
          refs.filter((ref) => !isHidden(ref)),
          ctx,
        ),
    };
  }

  async function shown(project: Project, ctx: Context): Promise<Project> {
    const model = await project.page.model();
    const kept = { ...model, files: model.files.filter(({ filename }) => !files.has(filename)) };
    return { page: await Page.from(kept, {}, ctx.now), files: filesOf(project.files) };
  }

  return (inner) => ({
    projects: (ctx) => mergeListings([{ repository: inner, has: isShown }], "probe", ctx),
    async project(name, ctx, demand) {
      const project = isShown(name) ? await inner.project(name, ctx, demand) : null;
      return project && (partly.has(name) ? shown(project, ctx) : project);
    },
    async file(request, ctx) {
      if (files.has(request.ref.filename)) throw refused();
      return inner.file(request, ctx);
    },
    async document(request, ctx) {
      const { project } = request.ref;
      const isHidden = request.ref.kind === "provenance" ? files.has(request.ref.filename) : partly.has(project);
      return !isShown(project) || isHidden ? null : inner.document(request, ctx);
    },
    async hostedFiles(of, ctx) {
      const listed = await inner.hostedFiles(of, ctx);
      const mayShow = ({ project, entry }: ListedFile) => isShown(project) && !files.has(entry.filename);
      return of !== "all" && !isShown(of) ? null : (listed?.filter(mayShow) ?? null);
    },
  });
}
