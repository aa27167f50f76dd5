import type { Demand } from "../repository/ports/popularity.ts";
import { kindOf } from "../pypi/kind.ts";
import type { FileRequest, Layer } from "../repository/repository.ts";
import type { Artifact } from "../repository/artifact.ts";

/**
 * Counts the projects whose pages are served, and the kinds of files that are served whole. A request for something
 * that does not exist is not counted, so that random names cost nothing. This is the outermost layer of a source for
 * clients; jobs and other layers enter below it, and are not counted.
 */
export function countDemand(demand: Demand): Layer {
  return (inner) => ({
    ...inner,

    async project(name, ctx, newness) {
      const project = await inner.project(name, ctx, newness);
      if (project && ctx.isDemand !== false) demand.project(name);
      return project;
    },

    async file(request, ctx) {
      const artifact = await inner.file(request, ctx);
      const kind = artifact && isGiven(request, artifact) ? kindOf(request.ref.filename) : undefined;
      if (kind !== undefined) demand.file(kind);
      return artifact;
    },
  });
}

/**
 * Whether a client downloads the file. A part is not counted: it is a wheel's directory, or the rest of a file that was
 * counted.
 */
const isGiven = ({ ref, headOnly }: FileRequest, { part }: Artifact) => ref.part === "file" && !headOnly && !part;
