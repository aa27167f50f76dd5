import type { Kind } from "../../pypi/kind.ts";
import type { ProjectName } from "../../pypi/name.ts";

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
  among(names: readonly ProjectName[], now: number): Promise<PopularAmong>;
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

export interface PopularAmong {
  readonly projects: ReadonlySet<ProjectName>;
  readonly kinds: ReadonlySet<Kind>;
}

/** How much was forgotten. */
export interface Forgotten {
  readonly projects: number;
  readonly kinds: number;
}
