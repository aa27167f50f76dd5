import type { Demand } from "../repository/ports/popularity.ts";
import { kindOf } from "../pypi/kind.ts";
import type { FileRequest, Layer } from "../repository/repository.ts";
import type { Artifact } from "../repository/artifact.ts";

/**
 * Counts what is given: projects whose pages are, and kinds of files that are, whole. What there is not leaves no trace, so
 * that random names cost nothing. The outermost layer of what clients enter: what the house itself asks for goes below it.
 */
export function countDemand(demand: Demand): Layer {
  return (inner) => ({
    ...inner,

    async project(name, ctx, newness) {
      const project = await inner.project(name, ctx, newness);
      if (project) demand.project(name);
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

/** Whether it is a file that somebody is about to use. A part of one is its directory, or the rest of what has been counted. */
const isGiven = ({ ref, headOnly }: FileRequest, { part }: Artifact) => ref.part === "file" && !headOnly && !part;
