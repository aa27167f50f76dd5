import { HOUR } from "../duration.ts";
import { IndexError, isUpstreamFailure, reasonOf } from "../errors.ts";
import { likelyProjects, MAX_FETCHED } from "../pypi/filename.ts";
import { fingerprint } from "../pypi/fingerprint.ts";
import type { ProjectName } from "../pypi/name.ts";
import { matcher } from "../pypi/pattern.ts";
import { mergeListings } from "./merge-listings.ts";
import type { AbsentNames } from "../repository/ports/freshness.ts";
import type { FileRequest, Project, Repository, Revalidation } from "../repository/repository.ts";
import type { Context } from "../repository/context.ts";

/**
 * How long a source that now fails is still believed not to own a name that it last said it does not own. Milliseconds.
 */
const KNOWN_ABSENT_TTL = HOUR;

/** One of the sources of an index. */
export interface PrioritySource {
  readonly repository: Repository;
  /**
   * Patterns of names that come only from here, and from other sources that claim them too; undefined: the source
   * claims none.
   */
  readonly projects?: readonly string[] | undefined;
  readonly absentNames: AbsentNames;
  /** Whether it shows less than its upstream has. */
  readonly isPartial: boolean;
}

/**
 * Combines several sources: the first source that owns a name answers for it alone. Where a source does not have the
 * name, the next source is asked; where a source fails, no other is asked, since the name may be its own. Exception:
 * for a name that a later source has served here, an earlier source's "does not own it" stands for an hour. Only the
 * sources that claim a name are asked for it.
 */
export function priority(sources: readonly PrioritySource[]): Repository {
  const route = sourcesByName(sources);
  const routing = fingerprint(JSON.stringify(sources.map(({ projects }) => projects ?? [])));

  /** The source that owns a name, and its answer for the project. */
  async function owner(name: ProjectName, ctx: Context, demand?: Revalidation) {
    const absent: PrioritySource[] = [];
    for (const source of route(name)) {
      const project = await projectOf(source, name, ctx, demand);
      if (project === "absent") absent.push(source);
      else if (project !== "failing") {
        noteAbsent(absent, name, ctx);
        // The source has just confirmed that it owns the name: an earlier "does not own it" must not be used when it
        // fails.
        if (project.page.via === "upstream") source.absentNames.noteOwned(name, ctx);
        return { source, project };
      }
    }
    return null;
  }

  return {
    hostedFiles: async (of) => (of === "all" ? [] : null),

    projects: (ctx) =>
      mergeListings(
        sources.map((source) => ({ repository: source.repository, has: (name) => route(name).includes(source) })),
        routing,
        ctx,
      ),

    project: async (name, ctx, demand) => (await owner(name, ctx, demand))?.project ?? null,

    async document(request, ctx) {
      const owned = await owner(request.ref.project, ctx);
      if (!owned) return null;
      await owned.project.page.cancel();
      return owned.source.repository.document(request, ctx);
    },

    async file(request, ctx) {
      // No source tries more candidates than this: if one looked at fewer than another, its `null` would not cover the
      // rest.
      let candidates = request.candidates?.slice(0, MAX_FETCHED) ?? likelyProjects(request.ref.filename);
      const named = candidates;
      const absent: PrioritySource[] = [];
      const passedOver: PrioritySource[] = [];
      let refusal: IndexError | undefined;
      for (const source of sources) {
        const asked = candidates.filter((name) => route(name).includes(source));
        if (asked.length === 0) {
          passedOver.push(source);
          continue;
        }
        try {
          const admits = admitting(source, request, ctx);
          const artifact = await source.repository.file({ ...request, candidates: asked, admits }, ctx);
          if (artifact) {
            if (named.includes(artifact.project)) noteAbsent(absent, artifact.project, ctx);
            return artifact;
          }
          absent.push(source);
        } catch (error) {
          if (!(error instanceof IndexError)) throw error;
          refusal ??= error;
          // The source refused or failed, so it owns one of these projects, or may. The next source is asked only for
          // those that this one certainly does not own.
          const owned = await Promise.all(asked.map((name) => mayOwn(source, name, ctx)));
          candidates = candidates.filter((name) => !owned[asked.indexOf(name)]);
        }
      }
      // No project that the filename leads to has the file: a page of another project may list it.
      for (const source of passedOver) {
        const admits = admitting(source, request, ctx);
        const artifact = await source.repository.file({ ...request, candidates: [], admits }, ctx);
        if (artifact) return artifact;
      }
      if (refusal) throw refusal;
      return null;
    },
  };

  /**
   * Allows a project that the filename does not lead to only where it comes from this source and no earlier source may
   * own it.
   */
  function admitting(source: PrioritySource, { admits }: FileRequest, ctx: Context): FileRequest["admits"] {
    return async (name) => {
      const having = route(name) as readonly PrioritySource[];
      if (!having.includes(source) || (await admits?.(name)) === false) return false;
      const before = having.slice(0, having.indexOf(source));
      const owned = await Promise.all(before.map((each) => mayOwn(each, name, ctx)));
      return !owned.includes(true);
    };
  }
}

/** Returns a function that gives the sources which a name may come from, in order. */
export function sourcesByName<Claimant extends Pick<PrioritySource, "projects">>(sources: readonly Claimant[]) {
  const claimants = sources.map((source) => ({ source, matchers: source.projects?.map(matcher) }));
  const unclaimed = sources.filter(({ projects }) => !projects);
  return (name: ProjectName): Claimant[] => {
    const claiming = claimants.filter(({ matchers }) => matchers?.some((matches) => matches(name)));
    return claiming.length > 0 ? claiming.map(({ source }) => source) : unclaimed;
  };
}

/** Makes each source remember that it does not own a name that a later source has just served. */
function noteAbsent(sources: readonly PrioritySource[], name: ProjectName, ctx: Context): void {
  for (const { absentNames } of sources) absentNames.noteAbsent(name, ctx);
}

/**
 * What the source has of a project; `absent` where it has none; `failing` where it fails, but said within the last hour
 * that it has none.
 */
async function projectOf(
  { repository, absentNames }: PrioritySource,
  name: ProjectName,
  ctx: Context,
  demand?: Revalidation,
): Promise<Project | "absent" | "failing"> {
  try {
    return (await repository.project(name, ctx, demand)) ?? "absent";
  } catch (error) {
    if (!isUpstreamFailure(error)) throw error;
    // A record that cannot be read does not count.
    if (!(await absentNames.isAbsent(name, ctx.now - KNOWN_ABSENT_TTL, ctx).catch(() => false))) throw error;
    ctx.report({ event: "upstream-failed", what: `${name}, asked of the next source`, reason: reasonOf(error) });
    return "failing";
  }
}

/** Whether the source owns the name, or may own it. */
async function mayOwn(source: PrioritySource, name: ProjectName, ctx: Context): Promise<boolean> {
  const project = await projectOf(source, name, ctx).catch(() => "unknown" as const);
  if (typeof project !== "string") await project.page.cancel();
  return project !== "absent" && project !== "failing";
}
