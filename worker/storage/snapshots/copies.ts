import { DAY, inSeconds } from "../../duration.ts";
import type { ResponseCache } from "../../platform/platform.ts";
import type { Snapshot, SnapshotRules, Stamp } from "./snapshot.ts";

/** Old snapshots are kept: the next read of the database then asks only for what has changed since. Seconds. */
const COPY_TTL = inSeconds(DAY);

const TAKEN_AT = "Taken-At";
const REVISION = "Revision";

/** A snapshot's value as text. */
export interface Codec<Value> {
  readonly encode: (value: Value) => string;
  /** Throws where the text is of another version. */
  readonly decode: (text: string) => Value;
}

/** Copies of one subject's snapshots in the data centre's cache, which all isolates there share. */
export interface Copies<Value> {
  /**
   * The copy, whatever its age; undefined where there is none, where it cannot be read, or where it is no later than
   * `held`.
   */
  get(held: Snapshot<Value> | undefined): Promise<Snapshot<Value> | undefined>;
  /** Stores a copy, unless a later one is there that still counts. A failure has no effect. */
  put(snapshot: Snapshot<Value>): Promise<void>;
}

/** @param now the clock: milliseconds since the epoch */
export function copiesIn<Value>(
  cache: ResponseCache,
  key: string,
  { encode, decode }: Codec<Value>,
  { isYoung, isFromFuture, isLater }: SnapshotRules,
  now: () => number,
): Copies<Value> {
  return {
    async get(held) {
      try {
        const found = await cache.match(key);
        const stamp = found && stampOf(found);
        if (!stamp || isFromFuture(stamp, now()) || (held && !isLater(stamp, held))) {
          await found?.body?.cancel();
          return undefined;
        }
        if (held?.revision !== stamp.revision) return { ...stamp, value: decode(await found.text()) };
        await found.body?.cancel();
        return { ...stamp, value: held.value };
      } catch {
        return undefined;
      }
    },

    async put(snapshot) {
      try {
        const found = await cache.match(key);
        const there = found && stampOf(found);
        await found?.body?.cancel();
        if (there && isYoung(there, now()) && isLater(there, snapshot)) return;
        const headers = {
          "Cache-Control": `max-age=${COPY_TTL}`,
          [TAKEN_AT]: String(snapshot.takenAt),
          [REVISION]: String(snapshot.revision),
        };
        await cache.put(key, new Response(encode(snapshot.value), { headers }));
      } catch {
        // The next request reads the database.
      }
    },
  };
}

function stampOf({ headers }: Response): Stamp | undefined {
  const [takenAt, revision] = [TAKEN_AT, REVISION].map((name) => Number(headers.get(name) ?? Number.NaN));
  return Number.isSafeInteger(takenAt) && Number.isSafeInteger(revision) ? ({ takenAt, revision } as Stamp) : undefined;
}
