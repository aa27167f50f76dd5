import { DAY, WEEK } from "../../duration.ts";
import type { Kind } from "../../pypi/kind.ts";
import type { ProjectName } from "../../pypi/name.ts";
import { Gathering } from "./gathered-writes.ts";
import type { Context } from "../../repository/context.ts";
import type { Demand, Popularity } from "../../repository/ports/popularity.ts";
import type { Database, Statement } from "../../platform/database.ts";

/** A request that is this old counts half as much as one now. Milliseconds. */
const HALF_LIFE = WEEK;

/**
 * The time when one request weighs 1. The weight doubles each week; a double can hold a billion requests until the year
 * 2045.
 */
const EPOCH = Date.UTC(2026, 0, 1);

/** A score below this fraction of one request's present weight counts as none: six weeks after a single request. */
const MIN_SCORE = 1 / 64;

/** Kinds of files below this fraction of the demand are not prefetched. */
const WORTH_FETCHING = 0.02;

/** How many names are gathered between two writes: with a source's address before each, they stay below D1's 2 MB. */
const MAX_GATHERED = 3_000;

/** How many requests for projects an isolate counts one by one: what little is asked for is known exactly. */
const COUNTED_ALL = 32;

/**
 * Of all after those, one of so many is counted, at random, as that many: each name that is gathered is a row to be written,
 * and the scores stay right on average.
 */
const SAMPLE = 16;

/** A project without demand that was last queued this long ago is taken to be out of the seed. Milliseconds. */
const ABANDONED = DAY;

/** How many rows one call deletes. */
const MAX_FORGOTTEN = 5_000;

/** What one request at `now` adds to a score: old scores do not shrink, new requests weigh more. */
export const weightAt = (now: number) => 2 ** ((now - EPOCH) / HALF_LIFE);

const leastAt = (now: number) => MIN_SCORE * weightAt(now);

const adding = (table: string, column: string) =>
  `INSERT INTO ${table} (source, ${column}, score)
   SELECT value ->> 1, value ->> 2, (value ->> 3) * ?2 FROM json_each(?1) WHERE true
   ON CONFLICT (source, ${column}) DO UPDATE SET score = score + excluded.score`;

/** For each table, one statement that adds any number of counts. `WHERE true` ends the SELECT before ON. */
const ADDING = { popularity: adding("popularity", "project"), kind_popularity: adding("kind_popularity", "kind") };

const TOP = "SELECT project FROM popularity WHERE source = ?1 AND score >= ?3 ORDER BY score DESC LIMIT ?2";

/** The most popular projects, and those of the seed, which clients may never have asked for. */
const PROJECTS = `SELECT popular.project, planned_at, changed_at
  FROM (SELECT project FROM (${TOP}) UNION SELECT value FROM json_each(?4)) AS popular
  LEFT JOIN popularity AS own ON own.source = ?1 AND own.project = popular.project
  LEFT JOIN page ON page.source = ?1 AND page.project = popular.project
  ORDER BY score DESC, popular.project`;

const PLANNED = `INSERT INTO popularity (source, project, score, planned_at)
  SELECT ?1, value, 0, ?3 FROM json_each(?2) WHERE true
  ON CONFLICT (source, project) DO UPDATE SET planned_at = excluded.planned_at`;

const AMONG = `SELECT project AS name FROM (${TOP}) WHERE project IN (SELECT value FROM json_each(?4))`;

const KINDS = `SELECT kind AS name FROM kind_popularity WHERE source = ?1
  AND score >= ?2 * (SELECT sum(score) FROM kind_popularity WHERE source = ?1)`;

const FORGET_PROJECTS = `DELETE FROM popularity WHERE source = ?1 AND project IN (
  SELECT project FROM popularity
  WHERE source = ?1 AND score < ?2 AND (planned_at IS NULL OR planned_at < ?3) LIMIT ?4)`;

const FORGET_KINDS = "DELETE FROM kind_popularity WHERE source = ?1 AND score < ?2";

/**
 * The rules for what is popular: the `count` projects most asked for, and `seed`, as far as they may come from the
 * source.
 */
export interface PopularityParts {
  readonly source: string;
  readonly count: number;
  readonly seed: readonly ProjectName[];
  /**
   * Whether a name may come from the source under the present configuration: demand counted earlier may be for a name
   * that no longer may.
   */
  readonly mayHave: (name: ProjectName) => boolean;
}

/** The demand for all sources, as this isolate has counted it. */
export interface DemandLog {
  /** The counter of one source. */
  of(source: string): Demand;
  /** Writes the gathered counts to D1, behind the answer, if it last did so some minutes ago. */
  flush(ctx: Context): void;
}

/**
 * Counts the demand for sources in the isolate and adds it to D1 every few minutes; like the counters, it may be lost.
 * No more is gathered than can be written at once.
 *
 * @param random a number from 0 to below 1
 */
export function demandIn(db: Database, random: () => number = Math.random): DemandLog {
  const gathering = new Gathering<number>((had, came) => had + came);
  let projects = 0;

  function note(table: keyof typeof ADDING, source: string, what: ProjectName | Kind, count = 1): void {
    if (gathering.size < MAX_GATHERED) gathering.add(`${table} ${source} ${what}`, count);
  }

  function noteProject(source: string, name: ProjectName): void {
    if (projects++ < COUNTED_ALL) note("popularity", source, name);
    else if (random() * SAMPLE < 1) note("popularity", source, name, SAMPLE);
  }

  function statements(counts: [key: string, count: number][], now: number): Statement[] {
    // Sources' keys, names and kinds have no spaces.
    const rows = counts.map(([key, count]) => [...key.split(" "), count]);
    return Object.entries(ADDING).flatMap(([table, statement]) => {
      const own = rows.filter(([of]) => of === table);
      return own.length === 0 ? [] : [db.prepare(statement).bind(JSON.stringify(own), weightAt(now))];
    });
  }

  return {
    of: (source) => ({
      project: (name) => noteProject(source, name),
      file: (kind) => note("kind_popularity", source, kind),
    }),
    flush: (ctx) => gathering.flush("the counts of demand", (counts) => db.batch(statements(counts, ctx.now)), ctx),
  };
}

/** The demand for one source, in D1; the tables are made by schema/migrations. */
export function popularityIn(db: Database, { source, count, seed, mayHave }: PopularityParts): Popularity {
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
