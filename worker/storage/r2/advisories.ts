import { HOUR } from "../../duration.ts";
import type { NewAuditEntry } from "../../auth/audit-entry.ts";
import { ADVISORIES_PREFIX, type Objects } from "../../platform/objects.ts";
import type { Platform } from "../../platform/platform.ts";
import { advisoriesOf, type Advisories } from "../../policy/osv/advisories.ts";
import { decodeShard, INDEX_HEADER, shardOf, shardOffsets } from "../../policy/osv/index-file.ts";
import type { AdvisoryEntry } from "../../policy/osv/record.ts";
import type { ProjectName } from "../../pypi/name.ts";
import type { Context } from "../../repository/context.ts";
import { withValue, type NowOrLater } from "../../repository/now-or-later.ts";
import type { AdvisoryIndexStore } from "../../repository/ports/advisory-index.ts";
import { sha256 } from "../../repository/sha256.ts";
import type { advisoryRowIn, PlacedIndex } from "../d1/advisory-index.ts";
import { advisoriesKey, freshId } from "../keys.ts";
import type { Memory } from "../memory.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import type { SnapshotReader } from "../snapshots/reader.ts";
import type { Snapshot } from "../snapshots/snapshot.ts";

/** For so long after another took its place, an index is left: other isolates may still go by it. Milliseconds. */
const LEFT_FOR = HOUR;

/** Memory that a shard takes, by the bytes of its text. */
const MEMORY_PER_BYTE = 3;

const UNREADABLE =
  "The advisories by which this index refuses files cannot be read right now. Try again in a moment; where that goes on, have them made anew: pypi-edge jobs run advisories or, where OSV is empty, pypi-edge osv load.";

/** A shard in memory. What a project's entries mean is found out when the project is first asked for. */
export interface Shard {
  readonly entries: ReadonlyMap<ProjectName, readonly AdvisoryEntry[]>;
  readonly read: Map<ProjectName, Advisories>;
}

/** Finds what is known of a project's versions; undefined where no index was ever loaded. Throws `storage-failed`. */
type FindAdvisories = (name: ProjectName, ctx: Context) => NowOrLater<Advisories | undefined>;

/** Where the index lies; null: none was ever loaded. */
type Placed = Pick<Snapshot<PlacedIndex | null>, "value">;

/** No project has these: it is one value, so that "nothing is known" can be told without reading. */
const NOTHING = advisoriesOf([]);

/**
 * Look-ups in the stored index: where it lies is read by snapshots, and a shard once for each isolate. While the database
 * does not answer, the last index that was known counts.
 */
export function findAdvisoriesIn(
  r2: Objects,
  placed: SnapshotReader<PlacedIndex | null>,
  memory: Memory<Shard>,
): FindAdvisories {
  function placeNow(ctx: Context): NowOrLater<Placed> {
    const read = placed.read(ctx);
    if (!(read instanceof Promise)) return read;
    return read.catch((error: unknown) => {
      if (placed.last) return placed.last;
      throw error;
    });
  }

  const shardAt = (place: PlacedIndex, number: number, now: number): NowOrLater<Shard> =>
    memory.get(`${place.object} ${number}`, now) ?? readShard(place, number);

  async function readShard({ object, offsets }: PlacedIndex, number: number): Promise<Shard> {
    const [offset = 0, end = 0] = offsets.slice(number, number + 2);
    const found = await r2.get(object, { range: { offset, length: end - offset } });
    if (!found) throw new Error(`the index of advisories, ${object}, is not there`);
    const bytes = await found.bytes();
    const shard = { entries: decodeShard(bytes), read: new Map<ProjectName, Advisories>() };
    memory.set(`${object} ${number}`, shard, MEMORY_PER_BYTE * bytes.byteLength);
    return shard;
  }

  return (name, ctx) => {
    const found = withValue(placeNow(ctx), ({ value: place }) =>
      place ? withValue(shardAt(place, shardOf(name), ctx.now), (shard) => knownOf(name, shard)) : undefined,
    );
    return found instanceof Promise ? orStorageFailed(() => found, UNREADABLE) : found;
  };
}

function knownOf(name: ProjectName, { entries, read }: Shard): Advisories {
  const listed = entries.get(name);
  if (!listed) return NOTHING;
  const made = read.get(name) ?? advisoriesOf(listed);
  read.set(name, made);
  return made;
}

/** The stored index as the job that keeps it sees it. */
export function advisoryIndexIn(r2: Objects, row: ReturnType<typeof advisoryRowIn>, now: Platform["now"]) {
  /**
   * Deletes what runs that broke off, and those before, have left.
   *
   * @param object the one that was put last, and that the row names
   */
  async function deleteOthers(object: string): Promise<void> {
    const { objects } = await r2.list({ prefix: ADVISORIES_PREFIX, limit: 1_000 });
    const inOrder = objects.toSorted((a, b) => a.uploaded.getTime() - b.uploaded.getTime());
    const left = inOrder.filter((_, at) => {
      const next = inOrder[at + 1];
      return next && next.key !== object && next.uploaded.getTime() < now() - LEFT_FOR;
    });
    if (left.length > 0) await r2.delete(left.map(({ key }) => key));
  }

  const replaceWith =
    (entry?: NewAuditEntry): AdvisoryIndexStore["replace"] =>
    async (file, counts, check) => {
      const offsets = shardOffsets(file.subarray(0, INDEX_HEADER));
      const object = advisoriesKey(freshId());
      await r2.put(object, file, { sha256: sha256(file) });
      const audit = entry && { entry: { ...entry, details: counts }, at: now() };
      await orStorageFailed(() => row.place({ object, offsets }, counts, check, audit));
      await deleteOthers(object);
    };

  const store: AdvisoryIndexStore = {
    state: async () => (await row.read()).state,

    async read() {
      const { object } = await row.read();
      return object === undefined ? undefined : (await r2.get(object))?.bytes();
    },

    replace: replaceWith(),

    note: (check) => row.note(check),
  };
  return { ...store, /** The same, with an entry in the audit log. */ replaceAudited: replaceWith };
}
