import type { NewAuditEntry } from "../../auth/audit-entry.ts";
import type { Database, Statement } from "../../platform/database.ts";
import type { ShardOffsets } from "../../policy/osv/index-file.ts";
import type { AdvisoryCheck, AdvisoryIndexState } from "../../repository/ports/advisory-index.ts";
import { auditEntryStatement } from "./audit-entry.ts";
import type { Codec } from "../snapshots/copies.ts";
import type { ReadSubject } from "../snapshots/reader.ts";

/** The subject in the table `revision`. */
export const ADVISORIES_SUBJECT = "advisories";

/** Where the index lies; null where there is none. */
export interface PlacedIndex {
  /** The key in R2: the object under it never changes. */
  readonly object: string;
  readonly offsets: ShardOffsets;
}

/** The revision, and the index's place where it is not the one of ?1. */
const CHANGED = `
  SELECT r.number, r.number IS ?1 AS is_same, a.object, a.offsets
  FROM (SELECT 1) LEFT JOIN revision AS r ON r.subject = '${ADVISORIES_SUBJECT}'
  LEFT JOIN advisory_index AS a ON r.number IS NOT ?1`;

interface ChangedRow {
  readonly number: number | null;
  readonly is_same: number;
  readonly object: string | null;
  readonly offsets: string | null;
}

/** Reads where the index lies. The query rejects with D1's error. */
export function placedIndexIn(db: Database): ReadSubject<PlacedIndex | null> {
  return async (known) => {
    const row = await db
      .prepare(CHANGED)
      .bind(known?.revision ?? -1)
      .first<ChangedRow>();
    const revision = row?.number ?? 0;
    if (known && row?.is_same === 1) return { revision, value: known.value };
    if (!row?.object) return { revision, value: null };
    return { revision, value: { object: row.object, offsets: JSON.parse(row.offsets ?? "[]") as number[] } };
  };
}

export const PLACED_INDEX_CODEC: Codec<PlacedIndex | null> = {
  encode: (placed) => JSON.stringify(placed),
  decode: (text) => JSON.parse(text) as PlacedIndex | null,
};

const COLUMNS = {
  checkedAt: "checked_at",
  comparedAt: "compared_at",
  changedUntil: "changed_until",
  failure: "failure",
} as const satisfies Record<keyof AdvisoryCheck, string>;

interface StateRow {
  readonly object: string | null;
  readonly records: number;
  readonly entries: number;
  readonly checked_at: number;
  readonly compared_at: number;
  readonly changed_until: number;
  readonly failure: string | null;
}

/** The row of the index. */
export function advisoryRowIn(db: Database) {
  /** Writes these columns; all others stay. */
  function writing(values: Readonly<Record<string, string | number | null>>): Statement {
    const names = Object.keys(values);
    const marks = names.map((_, at) => `?${at + 1}`);
    const updates = names.map((name) => `${name} = excluded.${name}`);
    return db
      .prepare(
        `INSERT INTO advisory_index (id, ${names.join(", ")}) VALUES (0, ${marks.join(", ")})
         ON CONFLICT (id) DO UPDATE SET ${updates.join(", ")}`,
      )
      .bind(...Object.values(values));
  }

  const columnsOf = (check: AdvisoryCheck) =>
    Object.fromEntries(
      (Object.keys(COLUMNS) as (keyof AdvisoryCheck)[])
        .filter((key) => key in check)
        .map((key) => [COLUMNS[key], check[key] ?? null]),
    );

  return {
    async read(): Promise<{ readonly object: string | undefined; readonly state: AdvisoryIndexState }> {
      const row = await db.prepare("SELECT * FROM advisory_index").first<StateRow>();
      return {
        object: row?.object ?? undefined,
        state: {
          isLoaded: row?.object != null,
          records: row?.records ?? 0,
          entries: row?.entries ?? 0,
          checkedAt: row?.checked_at ?? 0,
          comparedAt: row?.compared_at ?? 0,
          changedUntil: row?.changed_until ?? 0,
          failure: row?.failure ?? undefined,
        },
      };
    },
    async note(check: AdvisoryCheck): Promise<void> {
      await writing(columnsOf(check)).run();
    },
    /** @param entry what the audit log says of it, and when: milliseconds since the epoch */
    async place(
      { object, offsets }: PlacedIndex,
      counts: Pick<AdvisoryIndexState, "records" | "entries">,
      check: AdvisoryCheck,
      entry?: { readonly entry: NewAuditEntry; readonly at: number },
    ): Promise<void> {
      const placed = writing({ object, offsets: JSON.stringify(offsets), ...counts, ...columnsOf(check) });
      await db.batch([placed, ...(entry ? [auditEntryStatement(db, entry.entry, entry.at)] : [])]);
    },
  };
}
