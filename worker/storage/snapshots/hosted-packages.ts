import { SECOND } from "../../duration.ts";
import type { Context } from "../../repository/context.ts";
import { allValues, withValue, type NowOrLater } from "../../repository/now-or-later.ts";
import type { HostedPackages, HostedProject, HostsByName } from "../../repository/ports/hosted-packages.ts";
import type { HostedNames, IndexState } from "../d1/index-state.ts";
import { databaseDown, type HostedKey, type ReadProject } from "../d1/hosted-projects.ts";
import type { Memory } from "../memory.ts";
import { orLast, type OutageRules } from "./outage.ts";
import type { SnapshotReader } from "./reader.ts";

/** Estimated memory of a file's row. Bytes. */
const FILE_BYTES_IN_MEMORY = 700;

/** For how long a project that was ahead of the snapshot is given: until then the snapshot follows. Milliseconds. */
const AHEAD_TTL = 5 * SECOND;

const NOTHING_HOSTED: HostsByName = new Map();

/** More projects than this are not looked for in the cache one by one: one query of the database gives them all. */
const MAX_COPIES_READ = 20;

/** Copies of hosted projects in the data centre's cache. A state never changes. */
export interface ProjectCopies {
  readonly get: (wanted: HostedKey & { readonly changed: number }) => Promise<ReadProject | undefined>;
  readonly put: (read: ReadProject) => Promise<void>;
}

/** A project in memory. */
export interface RememberedProject extends ReadProject {
  /** Whether it was read later than the snapshot that led to it. */
  readonly isAhead: boolean;
}

/** What it takes to know what indexes host. */
export interface HostedParts {
  readonly stateOf: (index: string) => SnapshotReader<IndexState>;
  readonly query: (asked: readonly HostedKey[]) => Promise<ReadProject[]>;
  /** undefined where the database is read each time. */
  readonly copies: ProjectCopies | undefined;
  readonly memory: Memory<RememberedProject>;
  readonly outage: OutageRules;
  readonly now: () => number;
}

/** The names that an index hosts, and whether that is known as of now. */
interface NamesNow {
  readonly index: string;
  readonly names: HostedNames;
  readonly failure: unknown;
}

type Wanted = HostedKey & { readonly changed: number };

const keyOf = ({ index, name }: HostedKey) => `${index} ${name}`;

/** What indexes host: whose a name is by snapshots of the indexes; a project's rows, which are of one state, from copies. */
export function hostedPackages(parts: HostedParts): HostedPackages {
  const { stateOf, query, copies, memory, outage, now } = parts;

  const namesNow = (index: string, ctx: Context): NowOrLater<NamesNow> =>
    withValue(orLast(stateOf(index), outage, now, ctx), ({ value, failure }) => ({
      index,
      names: value.names,
      failure,
    }));

  /** The same, where nothing but what is certain will do. */
  async function certainNames(indexes: readonly string[], ctx: Context): Promise<readonly NamesNow[]> {
    const all = await allValues(indexes.map((index) => namesNow(index, ctx)));
    for (const { failure } of all) if (failure !== undefined) throw databaseDown(failure);
    return all;
  }

  /** The projects, in the order in which they are wanted. One that the database no longer has is left out. */
  function projectsOf(wanted: readonly Wanted[], ctx: Context): NowOrLater<HostedProject[]> {
    const found = new Map<string, HostedProject>();
    const missing = new Map<string, Wanted>();
    for (const each of wanted) {
      const key = keyOf(each);
      const known = memory.get(key, ctx.now);
      if (known && (known.isAhead ? known.changed >= each.changed : known.changed === each.changed))
        found.set(key, known.project);
      else missing.set(key, each);
    }
    const all = () => wanted.flatMap((each) => found.get(keyOf(each)) ?? []);
    return missing.size === 0 ? all() : readMissing(missing, found, ctx).then(all);
  }

  /** Adds the missing projects to those found. */
  async function readMissing(
    missing: ReadonlyMap<string, Wanted>,
    found: Map<string, HostedProject>,
    ctx: Context,
  ): Promise<void> {
    const keep = (read: ReadProject) => {
      const key = keyOf(read.project);
      const other = memory.get(key, ctx.now);
      if (other?.isAhead && other.changed > read.changed) {
        found.set(key, other.project);
        return;
      }
      const isAhead = read.changed !== missing.get(key)?.changed;
      found.set(key, read.project);
      const bytes = read.project.files.length * FILE_BYTES_IN_MEMORY;
      memory.set(key, { ...read, isAhead }, bytes, isAhead ? ctx.now + AHEAD_TTL : Infinity);
    };
    const copied = missing.size <= MAX_COPIES_READ ? copies : undefined;
    if (copied) for (const copy of await Promise.all([...missing.values()].map(copied.get))) if (copy) keep(copy);
    const rest = [...missing.values()].filter((each) => !found.has(keyOf(each)));
    for (const read of rest.length > 0 ? await query(rest) : []) {
      keep(read);
      if (copied) ctx.defer(copied.put(read));
    }
  }

  const grouped = (projects: readonly HostedProject[]) => Map.groupBy(projects, ({ name }) => name);

  return {
    projects: (asked, indexes, ctx) =>
      withValue(allValues(indexes.map((index) => namesNow(index, ctx))), (all) => {
        const wanted: Wanted[] = [];
        for (const name of asked) {
          for (const { index, names, failure } of all) {
            const changed = names.get(name);
            if (failure !== undefined && (changed !== undefined || outage.isReserved(name)))
              throw databaseDown(failure);
            if (changed !== undefined) wanted.push({ index, name, changed });
          }
        }
        return wanted.length === 0 ? NOTHING_HOSTED : withValue(projectsOf(wanted, ctx), grouped);
      }),

    async all(indexes, ctx) {
      const all = await certainNames(indexes, ctx);
      const wanted = all.flatMap(({ index, names }) => [...names].map(([name, changed]) => ({ index, name, changed })));
      const projects = await projectsOf(wanted, ctx);
      return grouped(projects.toSorted((one, other) => (one.name < other.name ? -1 : Number(one.name > other.name))));
    },

    async names(indexes, ctx) {
      const all = await certainNames(indexes, ctx);
      return [...new Set(all.flatMap(({ names }) => [...names.keys()]))].toSorted();
    },
  };
}
