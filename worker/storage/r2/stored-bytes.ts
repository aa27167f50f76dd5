import type { Database } from "../../platform/database.ts";
import type { Objects } from "../../platform/objects.ts";
import type { ObjectState, StoredBytes } from "../../repository/ports/verification.ts";
import { mirroredFrom, type Keys } from "../keys.ts";
import type { Memory } from "../memory.ts";
import { orStorageFailed } from "../or-storage-failed.ts";
import { readObject } from "./read-object.ts";

/** Looked at by the next run of its mirror. */
const DUE = `UPDATE mirror_project SET due_at = min(coalesce(due_at, ?2), ?2)
  WHERE (source, project) IN (SELECT source, project FROM object WHERE key = ?1)`;

/**
 * Deletes a damaged mirrored object, then its row, or the row of an absent one: a tombstone stays. Its project is due, where it is
 * mirrored on purpose. It can be repeated without harm.
 *
 * @returns whether it had a row
 * @throws Error for any key that is not a mirrored file's: such an object is never deleted
 */
export async function discardObject(
  db: Database,
  r2: Objects,
  key: string,
  { kind }: ObjectState,
  now: number,
): Promise<boolean> {
  if (mirroredFrom(key) === undefined) throw new Error(`${key} is no mirrored file and must not be deleted`);
  if (kind === "damaged") await r2.delete(key);
  const [, removed] = await db.batch([
    db.prepare(DUE).bind(key, now),
    db.prepare("DELETE FROM object WHERE key = ?1 RETURNING 1").bind(key),
  ]);
  return (removed?.results.length ?? 0) > 0;
}

/** The bytes of a source's stored files, in R2. */
export const storedBytesIn = (
  db: Database,
  r2: Objects,
  keys: Keys,
  memory: Pick<Memory<unknown>, "delete">,
): StoredBytes => ({
  // A .metadata that was compared with its wheel may rightly differ from what the page says.
  check: (ref, digest, size) =>
    orStorageFailed(() =>
      readObject(r2, keys.file(ref), ref.part === "file" ? { digest, size } : { lastDigest: digest }),
    ),
  discard: (ref, state, now) =>
    orStorageFailed(async () => {
      const key = keys.file(ref);
      await discardObject(db, r2, key, state, now);
      memory.delete(key);
    }),
});
