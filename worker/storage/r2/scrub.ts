import { messageOf } from "../../errors.ts";
import type { Database } from "../../platform/database.ts";
import { CARRIED_PREFIX, isKept, type ObjectHead, type Objects } from "../../platform/objects.ts";
import type { ScrubFault, ScrubState, Scrubbing } from "../../repository/ports/scrub.ts";
import { HOSTED_PREFIX, MIRRORED } from "../keys.ts";
import { readTombstone } from "./custom-metadata.ts";
import { readObject } from "./read-object.ts";
import { discardObject } from "./stored-bytes.ts";

/** In the order of the keys. What is staged is checked when it is published. */
const PREFIXES = [...MIRRORED, HOSTED_PREFIX, CARRIED_PREFIX].toSorted();

/** How many keys R2 lists in one call. */
const BATCH = 1_000;

/** After so many bytes a run ends: a cron has 30 s of CPU. */
const MAX_READ = 2_000_000_000;

const STATE = `SELECT after, began_at AS beganAt, objects, bytes, damaged, damaged_hosted AS damagedHosted,
    round_began_at AS roundBeganAt, round_ended_at AS roundEndedAt, round_objects AS roundObjects, round_bytes AS roundBytes,
    round_damaged AS roundDamaged, round_damaged_hosted AS roundDamagedHosted FROM scrub`;

/** Nothing happens where another run has got on meanwhile. `WHERE true` ends the SELECT before ON. */
const RECORD = `INSERT INTO scrub (id, after, began_at, objects, bytes, damaged, damaged_hosted)
  SELECT 0, ?2, ?3, ?4, ?5, ?6, ?7 WHERE true
  ON CONFLICT DO UPDATE SET after = excluded.after, began_at = excluded.began_at, objects = excluded.objects,
    bytes = excluded.bytes, damaged = excluded.damaged, damaged_hosted = excluded.damaged_hosted WHERE after = ?1`;

/** After the record: a new round begins at `?1`. */
const ROUND = `UPDATE scrub SET after = '', round_began_at = began_at, round_ended_at = ?1, round_objects = objects,
    round_bytes = bytes, round_damaged = damaged, round_damaged_hosted = damaged_hosted, began_at = ?1, objects = 0, bytes = 0,
    damaged = 0, damaged_hosted = 0 WHERE after = ?2`;

/** A key behind all others. */
const END = "~";

interface Row {
  readonly after: string;
  readonly beganAt: number;
  readonly objects: number;
  readonly bytes: number;
  readonly damaged: number;
  readonly damagedHosted: number;
  readonly roundBeganAt: number | null;
  readonly roundEndedAt: number | null;
  readonly roundObjects: number;
  readonly roundBytes: number;
  readonly roundDamaged: number;
  readonly roundDamagedHosted: number;
}

/** The scrub of the files in R2, its position in D1. `forget` drops an object's copy in memory. */
export function scrubIn(db: Database, r2: Objects, forget: (key: string) => void): Scrubbing {
  const position = () => db.prepare(STATE).first<Row>();

  /** The size that was read, and what is wrong; undefined where nothing is. */
  async function scrubbed(head: ObjectHead, now: number): Promise<{ size: number; damaged?: ScrubFault }> {
    const { key } = head;
    const state = await read(r2, key);
    if (state.kind === "unreadable") {
      const fault = `cannot be read: ${state.fault}`;
      return { size: 0, damaged: { key, fault, isDeleted: false } };
    }
    const size = state.kind === "absent" ? 0 : state.size;
    if (state.kind === "sound") return { size };
    // It may have been deleted since it was listed.
    const fault = state.kind === "absent" ? "has lost its bytes" : state.fault;
    if (isKept(key)) return state.kind === "absent" ? { size } : { size, damaged: { key, fault, isDeleted: false } };
    const hadRow = await discardObject(db, r2, key, state, now);
    forget(key);
    return state.kind === "absent" && !hadRow ? { size } : { size, damaged: { key, fault, isDeleted: true } };
  }

  return {
    async state() {
      const row = await position();
      return row ? stateOf(row) : undefined;
    },

    async next(limit, now, found) {
      const row = await position();
      const before = row?.after ?? "";
      let [after, objects, bytes, damaged, damagedHosted] = [before, 0, 0, 0, 0];
      for (const prefix of PREFIXES) {
        const end = `${prefix.slice(0, -1)}0`;
        while (after < end && objects < limit && bytes < MAX_READ) {
          const listed = await r2.list({
            prefix,
            limit: Math.min(BATCH, limit - objects),
            include: ["customMetadata"],
            ...(after > prefix && { startAfter: after }),
          });
          for (const head of listed.objects) {
            if (bytes >= MAX_READ) break;
            after = head.key;
            objects += 1;
            if (readTombstone(head)) continue;
            const { size, damaged: wrong } = await scrubbed(head, now);
            bytes += size;
            if (!wrong) continue;
            found(wrong);
            if (isKept(head.key)) damagedHosted += 1;
            else if (wrong.isDeleted) damaged += 1;
          }
          if (!listed.truncated && after === (listed.objects.at(-1)?.key ?? after)) after = end;
        }
      }
      const isWhole = after >= `${(PREFIXES.at(-1) ?? "").slice(0, -1)}0`;
      const record = db
        .prepare(RECORD)
        .bind(
          before,
          isWhole ? END : after,
          row?.beganAt ?? now,
          (row?.objects ?? 0) + objects,
          (row?.bytes ?? 0) + bytes,
          (row?.damaged ?? 0) + damaged,
          (row?.damagedHosted ?? 0) + damagedHosted,
        );
      await db.batch([record, ...(isWhole ? [db.prepare(ROUND).bind(now, END)] : [])]);
      return { objects, bytes, damaged, damagedHosted, isWhole };
    },
  };
}

/** Reads an object, once more where the store fails: that must not pass for damage. */
async function read(r2: Objects, key: string) {
  try {
    return await readObject(r2, key);
  } catch {
    return readObject(r2, key).catch((error: unknown) => ({ kind: "unreadable", fault: messageOf(error) }) as const);
  }
}

function stateOf(row: Row): ScrubState {
  const { beganAt, objects, bytes, damaged, damagedHosted, roundBeganAt, roundEndedAt } = row;
  return {
    current: { beganAt, objects, bytes, damaged, damagedHosted },
    last:
      roundBeganAt === null || roundEndedAt === null
        ? undefined
        : {
            beganAt: roundBeganAt,
            endedAt: roundEndedAt,
            objects: row.roundObjects,
            bytes: row.roundBytes,
            damaged: row.roundDamaged,
            damagedHosted: row.roundDamagedHosted,
          },
  };
}
