import type { Filename } from "../../pypi/filename.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Database } from "../../platform/database.ts";
import type { AskedFor } from "../../repository/ports/asked-for.ts";
import { storedRef } from "../keys.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { weightAt } from "./popularity.ts";

/** How many projects are given: each is a page to be read. */
const MAX_PROJECTS = 200;

/** How many rows of files are read for them. */
const MAX_FILES = 5_000;

const FILES = `SELECT key, project FROM object
  WHERE used_at >= ?2 AND source IN (SELECT value FROM json_each(?1)) AND key GLOB 'file/*' AND project <> ''
  ORDER BY used_at DESC LIMIT ?3`;

/** A score that one request at the time makes. An older one of many requests is above it, too. */
const PAGES = `SELECT project FROM popularity
  WHERE source IN (SELECT value FROM json_each(?1)) AND score >= ?2 ORDER BY score DESC LIMIT ?3`;

/** What clients asked for, of the records of uses and of popularity in D1. */
export const askedForIn = (db: Database): AskedFor => ({
  since: (sources, time) =>
    orStorageFailed(async () => {
      const of = JSON.stringify(sources);
      const [files, pages] = await db.batch<{ key?: string; project: ProjectName }>([
        db.prepare(FILES).bind(of, time, MAX_FILES + 1),
        db.prepare(PAGES).bind(of, weightAt(time), MAX_PROJECTS + 1),
      ]);
      const found = new Map<ProjectName, Filename[]>();
      for (const { key = "", project } of files?.results ?? []) {
        const names = storedRef(key).map(({ filename }) => filename);
        found.set(project, [...(found.get(project) ?? []), ...names]);
      }
      for (const { project } of pages?.results ?? []) if (!found.has(project)) found.set(project, []);
      const all = [...found].map(([name, names]) => ({ name, files: names }));
      const isCut = all.length > MAX_PROJECTS || (files?.results.length ?? 0) > MAX_FILES;
      return { projects: all.slice(0, MAX_PROJECTS), isCut };
    }),
});
