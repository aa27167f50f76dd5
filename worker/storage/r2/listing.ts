import type { Database, Statement } from "../../platform/database.ts";
import type { ListOptions, ObjectHead, Objects } from "../../platform/objects.ts";

/** How much of R2 one run lists. */
export interface ListingBounds {
  /** Keys per listing. R2 lists at most 1,000 and deletes at most 1,000 in one call. */
  readonly batch: number;
  /** Listings per prefix. */
  readonly listings: number;
}

/** One listing: the objects whose keys are behind `after`, which is empty at the prefix's beginning. */
export interface Listing {
  readonly objects: readonly ObjectHead[];
  readonly after: string;
  /** Where the next listing begins; empty where this one reached the prefix's end, and the next begins anew. */
  readonly next: string;
  /** Records in D1 that the next run begins at `next`. */
  readonly record: Statement;
}

const POSITION = "SELECT after FROM listing WHERE prefix = ?1";

const RECORD = `INSERT INTO listing (prefix, after) VALUES (?1, ?2)
  ON CONFLICT (prefix) DO UPDATE SET after = excluded.after WHERE after <> excluded.after`;

/**
 * Lists R2 under a prefix from where the last run ended, which is in D1, up to the prefix's end. The position moves only where the
 * caller runs `record`, with or after what it does with the objects.
 *
 * @param include what R2 lists of each object besides its key, size and time
 */
export async function* listOn(
  db: Database,
  r2: Objects,
  prefix: string,
  { batch, listings }: ListingBounds,
  include: NonNullable<ListOptions["include"]> = [],
): AsyncGenerator<Listing, void> {
  const row = await db.prepare(POSITION).bind(prefix).first<{ after: string }>();
  let after = row?.after ?? "";
  for (let count = 0; count < listings; count++) {
    const listed = await r2.list({
      prefix,
      limit: batch,
      include,
      ...(after && { startAfter: after }),
    });
    const next = listed.truncated ? listed.objects.at(-1)?.key : "";
    if (next === undefined) return;
    yield { objects: listed.objects, after, next, record: db.prepare(RECORD).bind(prefix, next) };
    if (next === "") return;
    after = next;
  }
}
