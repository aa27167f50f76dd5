import { kindOf, type Kind } from "../pypi/kind.ts";
import type { ProjectName } from "../pypi/name.ts";
import type { Artifact, FileRequest, Layer } from "./repository.ts";

/** Takes note of what clients ask a source for. Neither ever fails, costs an operation, or lets an answer wait. */
export interface Demand {
  /** A project's page was given. */
  project(name: ProjectName): void;
  /** A file of this kind was given. */
  file(kind: Kind): void;
}

/**
 * What one source is asked for. Each method is one call of the store, and rejects where that fails; `now` is in milliseconds
 * since the epoch.
 */
export interface Popularity {
  /** The projects most asked for, and those that count as such; the most popular first. */
  projects(now: number): Promise<PopularProject[]>;
  /** Notes that the pages of these have been queued to be checked. */
  planned(names: readonly ProjectName[], now: number): Promise<void>;
  /** Which of `names` are popular, and which kinds of files clients ask for in any number worth speaking of. */
  among(names: readonly ProjectName[], now: number): Promise<Wanted>;
  /** Forgets some of what nobody has asked for in a long time, if there is any. */
  forget(now: number): Promise<Forgotten>;
}

/** Times are milliseconds since the epoch. */
export interface PopularProject {
  readonly name: ProjectName;
  /** When its page was last queued to be checked. */
  readonly plannedAt: number | undefined;
  /** When its page as it is kept was stored; undefined where none is kept. */
  readonly storedAt: number | undefined;
}

export interface Wanted {
  readonly projects: ReadonlySet<ProjectName>;
  readonly kinds: ReadonlySet<Kind>;
}

/** How much was forgotten. */
export interface Forgotten {
  readonly projects: number;
  readonly kinds: number;
}

/**
 * Counts what is given: projects whose pages are, and kinds of files that are, whole. What there is not leaves no trace, so
 * that random names cost nothing. The outermost layer of what clients enter: what the house itself asks for goes below it.
 */
export function popular(demand: Demand): Layer {
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
