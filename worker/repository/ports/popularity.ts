import type { Kind } from "../../pypi/kind.ts";
import type { ProjectName } from "../../pypi/name.ts";

/** Counts what clients ask a source for. Its methods never fail, cost no operation and do not delay an answer. */
export interface Demand {
  /** A project's page was served. */
  project(name: ProjectName): void;
  /** A file of this kind was served. */
  file(kind: Kind): void;
}

/**
 * The demand for one source's projects and files. Each method is one call of the store, and rejects where that fails;
 * `now` is in milliseconds since the epoch.
 */
export interface Popularity {
  /** The projects most asked for and the configured ones (`seed`), the most popular first. */
  projects(now: number): Promise<PopularProject[]>;
  /** Records that these projects' pages were queued to be revalidated. */
  planned(names: readonly ProjectName[], now: number): Promise<void>;
  /** Which of `names` are popular, and which kinds of files make up a relevant part of the demand. */
  among(names: readonly ProjectName[], now: number): Promise<PopularAmong>;
  /** Deletes some of the rows that have not been asked for in a long time. */
  forget(now: number): Promise<ForgottenCounts>;
}

/** Times are milliseconds since the epoch. */
export interface PopularProject {
  readonly name: ProjectName;
  /** When its page was last queued to be revalidated. */
  readonly plannedAt: number | undefined;
  /** When its stored page was stored; undefined where none is. */
  readonly storedAt: number | undefined;
}

export interface PopularAmong {
  readonly projects: ReadonlySet<ProjectName>;
  readonly kinds: ReadonlySet<Kind>;
}

export interface ForgottenCounts {
  readonly projects: number;
  readonly kinds: number;
}
