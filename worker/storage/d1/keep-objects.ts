import type { MirroredPiece } from "../../repository/ports/mirror.ts";
import type { Database, Statement } from "../../platform/database.ts";
import type { Keys } from "../keys.ts";
import { asBatches } from "./as-batches.ts";

/** A row may not be written yet, or be lost. `WHERE true` ends the SELECT before ON. */
const KEEP = `INSERT INTO object (key, source, project, size, used_at, known_at, mirrored)
  SELECT value ->> 0, ?2, ?3, value ->> 1, ?4, ?4, 1 FROM json_each(?1) WHERE true
  ON CONFLICT (key) DO UPDATE SET mirrored = 1 WHERE mirrored = 0`;

/** The statements that have the sweep leave these objects of a project, which may have no rows yet. */
export const keepStatements = (
  db: Database,
  keys: Keys,
  source: string,
  project: string,
  pieces: readonly MirroredPiece[],
  now: number,
): Statement[] =>
  asBatches(pieces.map(({ ref, size }) => [keys.file(ref), size])).map((rows) =>
    db.prepare(KEEP).bind(rows, source, project, now),
  );
