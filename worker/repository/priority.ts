import { IndexError, isUpstreamFailure } from "../errors.ts";
import { projectCandidates } from "../pypi/filename.ts";
import type { ProjectName } from "../pypi/name.ts";
import { mergedLists } from "./merged-list.ts";
import type { Page } from "./page.ts";
import type { Verdicts } from "./ports.ts";
import type { Context, Repository } from "./repository.ts";

/** How long a source that fails is taken at its last word that it does not own a name. Milliseconds. */
const LAST_WORD = 3_600_000;

/** One of the sources of an index. */
export interface Source {
  readonly repository: Repository;
  /** Whether a name comes from here and from sources that say so alone; undefined where the source claims none. */
  readonly claims?: ((name: ProjectName) => boolean) | undefined;
  readonly verdicts: Verdicts;
}

/**
 * Several sources as one: the first that owns a name has it entirely. Absence falls through to the next source; failure
 * does not, since a name that a source cannot speak for may be its own. For a name that the next source has served here,
 * the last absent verdict stands for an hour. Names that sources claim are asked of these alone, and those of nothing else.
 */
export function priority(sources: readonly Source[]): Repository {
  /** The sources that a name may come from, in order. */
  function route(name: ProjectName): Source[] {
    const claiming = sources.filter(({ claims }) => claims?.(name));
    return claiming.length > 0 ? claiming : sources.filter(({ claims }) => !claims);
  }

  /** The source that owns a name, and its page. */
  async function find(name: ProjectName, ctx: Context): Promise<{ source: Source; page: Page } | null> {
    const absent: Source[] = [];
    for (const source of route(name)) {
      const page = await pageOf(source, name, ctx);
      if (page === "absent") absent.push(source);
      else if (page !== "failing") {
        for (const { verdicts } of absent) verdicts.noteAbsent(name, ctx);
        return { source, page };
      }
    }
    return null;
  }

  return {
    projects: (ctx) =>
      mergedLists(
        sources.map((source) => ({ repository: source.repository, has: (name) => route(name).includes(source) })),
        ctx,
      ),

    project: async (name, ctx) => (await find(name, ctx))?.page ?? null,

    async document(request, ctx) {
      const owner = await find(request.ref.project, ctx);
      if (!owner) return null;
      await owner.page.cancel();
      return owner.source.repository.document(request, ctx);
    },

    async file(request, ctx) {
      let candidates = request.candidates ?? projectCandidates(request.ref.filename);
      let refusal: IndexError | undefined;
      for (const source of sources) {
        const asked = candidates.filter((name) => route(name).includes(source));
        if (asked.length === 0) continue;
        try {
          const artifact = await source.repository.file({ ...request, candidates: asked }, ctx);
          if (artifact) return artifact;
        } catch (error) {
          if (!(error instanceof IndexError)) throw error;
          refusal ??= error;
          // One of these projects is this source's, or may be: what is left are those that certainly are not.
          const owned = await Promise.all(asked.map((name) => mayOwn(source, name, ctx)));
          candidates = candidates.filter((name) => !owned[asked.indexOf(name)]);
        }
      }
      if (refusal) throw refusal;
      return null;
    },
  };
}

/** The source's page; `absent` where it has none; `failing` where it fails but did say so a short time ago. */
async function pageOf({ repository, verdicts }: Source, name: ProjectName, ctx: Context) {
  try {
    return (await repository.project(name, ctx)) ?? "absent";
  } catch (error) {
    if (!isUpstreamFailure(error)) throw error;
    // A verdict that cannot be read does not stand.
    if (!(await verdicts.isAbsent(name, ctx.now - LAST_WORD, ctx).catch(() => false))) throw error;
    const reason = error.reason ?? error.message;
    ctx.report({ event: "upstream-failed", what: `${name}, left to the next source`, reason });
    return "failing";
  }
}

/** Whether the name is, or may be, the source's. */
async function mayOwn(source: Source, name: ProjectName, ctx: Context): Promise<boolean> {
  const page = await pageOf(source, name, ctx).catch(() => "unknown" as const);
  if (typeof page !== "string") await page.cancel();
  return page !== "absent" && page !== "failing";
}
