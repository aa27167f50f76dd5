import type { Kind } from "../../pypi/kind.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { Gathering } from "./gathered-writes.ts";
import type { Context } from "../../repository/context.ts";
import type { Demand, Popularity } from "../../repository/ports/popularity.ts";

/** What was asked so long ago counts for half. Milliseconds. */
const HALF_LIFE = 7 * 24 * 3_600_000;

/** When one request weighs 1. With a weight that doubles each week, a double takes a billion requests until the year 2045. */
const EPOCH = Date.UTC(2026, 0, 1);

/** A score that is less than this part of one request's today is nothing: six weeks after a single one. */
const NOTHING = 1 / 64;

/** Kinds of files that are less than this part of what is asked for are not fetched ahead. */
const WORTH_FETCHING = 0.02;

/** More names are not gathered between two writes: with a source's address before each, they stay below D1's 2 MB. */
const MAX_GATHERED = 3_000;

/** When what nobody asks for was last queued so long ago, it is not of the seed any more. Milliseconds. */
const ABANDONED = 24 * 3_600_000;

/** Rows that are deleted at once. */
const MAX_FORGOTTEN = 5_000;

/** What one request at `now` adds to a score: instead of old scores that fade, new ones weigh more. */
const weightAt = (now: number) => 2 ** ((now - EPOCH) / HALF_LIFE);

const leastAt = (now: number) => NOTHING * weightAt(now);

const adding = (table: string, column: string) =>
  `INSERT INTO ${table} (source, ${column}, score)
   SELECT value ->> 1, value ->> 2, (value ->> 3) * ?2 FROM json_each(?1) WHERE true
   ON CONFLICT (source, ${column}) DO UPDATE SET score = score + excluded.score`;

/** By table, one statement for however many. `WHERE true` ends the SELECT before ON. */
const ADDING = { popularity: adding("popularity", "project"), asked: adding("asked", "kind") };

const TOP = "SELECT project FROM popularity WHERE source = ?1 AND score >= ?3 ORDER BY score DESC LIMIT ?2";

/** The most popular, and the seed, which may not have been asked for. */
const PROJECTS = `SELECT popular.project, planned_at, changed_at
  FROM (SELECT project FROM (${TOP}) UNION SELECT value FROM json_each(?4)) AS popular
  LEFT JOIN popularity AS own ON own.source = ?1 AND own.project = popular.project
  LEFT JOIN page ON page.source = ?1 AND page.project = popular.project
  ORDER BY score DESC, popular.project`;

const PLANNED = `INSERT INTO popularity (source, project, score, planned_at)
  SELECT ?1, value, 0, ?3 FROM json_each(?2) WHERE true
  ON CONFLICT (source, project) DO UPDATE SET planned_at = excluded.planned_at`;

const AMONG = `SELECT project AS name FROM (${TOP}) WHERE project IN (SELECT value FROM json_each(?4))`;

const KINDS = `SELECT kind AS name FROM asked WHERE source = ?1
  AND score >= ?2 * (SELECT sum(score) FROM asked WHERE source = ?1)`;

const FORGET_PROJECTS = `DELETE FROM popularity WHERE source = ?1 AND project IN (
  SELECT project FROM popularity
  WHERE source = ?1 AND score < ?2 AND (planned_at IS NULL OR planned_at < ?3) LIMIT ?4)`;

const FORGET_KINDS = "DELETE FROM asked WHERE source = ?1 AND score < ?2";

/** Whose projects are popular: the most asked for, so many of them, and `seed`, where they may come from the source. */
export interface PopularityParts {
  readonly source: string;
  readonly count: number;
  readonly seed: readonly ProjectName[];
  /** Whether a name may come from the source, as it is configured now: what was counted before may no longer. */
  readonly mayHave: (name: ProjectName) => boolean;
}

/** All sources' demand in an isolate. */
export interface DemandLog {
  /** One source's part of it. */
  of(source: string): Demand;
  /** Writes what this isolate has gathered, behind the answer, where it last did so a while ago. */
  flush(ctx: Context): void;
}

/**
 * What sources are asked for, gathered in the isolate and added to D1 every few minutes, as the counters are, and lost as
 * they are. No more is gathered than can be written at once.
 */
export function demandIn(db: D1Database): DemandLog {
  const gathering = new Gathering<number>((had, came) => had + came);

  function note(table: keyof typeof ADDING, source: string, what: ProjectName | Kind): void {
    if (gathering.size < MAX_GATHERED) gathering.add(`${table} ${source} ${what}`, 1);
  }

  function statements(counts: [key: string, count: number][], now: number): D1PreparedStatement[] {
    // Neither a source's key nor a name or kind has a space.
    const rows = counts.map(([key, count]) => [...key.split(" "), count]);
    return Object.entries(ADDING).flatMap(([table, statement]) => {
      const own = rows.filter(([of]) => of === table);
      return own.length === 0 ? [] : [db.prepare(statement).bind(JSON.stringify(own), weightAt(now))];
    });
  }

  return {
    of: (source) => ({
      project: (name) => note("popularity", source, name),
      file: (kind) => note("asked", source, kind),
    }),
    flush: (ctx) => gathering.flush("what is asked for", (counts) => db.batch(statements(counts, ctx.now)), ctx),
  };
}

/** What one source is asked for, in D1; the tables are made by schema/migrations. */
export function popularityIn(db: D1Database, { source, count, seed, mayHave }: PopularityParts): Popularity {
  return {
    async projects(now) {
      const { results } = await db
        .prepare(PROJECTS)
        .bind(source, count, leastAt(now), JSON.stringify(seed))
        .all<ProjectRow>();
      const projects = results.map(({ project, planned_at, changed_at }) => ({
        name: project as ProjectName,
        plannedAt: planned_at ?? undefined,
        storedAt: changed_at ?? undefined,
      }));
      return projects.filter(({ name }) => mayHave(name));
    },

    async planned(names, now) {
      await db.prepare(PLANNED).bind(source, JSON.stringify(names), now).run();
    },

    async among(names, now) {
      const [projects, kinds] = await db.batch<{ name: string }>([
        db.prepare(AMONG).bind(source, count, leastAt(now), JSON.stringify(names)),
        db.prepare(KINDS).bind(source, WORTH_FETCHING),
      ]);
      const popular = new Set(projects?.results.map(({ name }) => name as ProjectName));
      const isPopular = (name: ProjectName) => mayHave(name) && (popular.has(name) || seed.includes(name));
      return {
        projects: new Set(names.filter(isPopular)),
        kinds: new Set<Kind>(kinds?.results.map(({ name }) => name)),
      };
    },

    async forget(now) {
      const least = leastAt(now);
      const [projects, kinds] = await db.batch([
        db.prepare(FORGET_PROJECTS).bind(source, least, now - ABANDONED, MAX_FORGOTTEN),
        db.prepare(FORGET_KINDS).bind(source, least),
      ]);
      return { projects: projects?.meta.changes ?? 0, kinds: kinds?.meta.changes ?? 0 };
    },
  };
}

interface ProjectRow {
  readonly project: string;
  readonly planned_at: number | null;
  readonly changed_at: number | null;
}
