import { movedRow, type MovedRow } from "../../../schema/moving.ts";
import { messageOf } from "../../errors.ts";
import type { Database } from "../../platform/database.ts";
import type { Objects } from "../../platform/objects.ts";
import { carriedKeyOf, hostedMetadataKey } from "../keys.ts";
import { readLines } from "./files.ts";
import type { MovedStores } from "./move-out.ts";
import { cannotMove, type MovePlace } from "./place.ts";
import { isMovedTable, TEAM_TABLES, type MovedTable } from "./tables.ts";

/** D1 takes 2 MB as one value. Characters. */
const MAX_JSON = 400_000;

const begunRow = (id: string) => `move-in:${id}`;
const doneRow = (id: string) => `moved-in:${id}`;

/**
 * Notes that a move is under way.
 *
 * @param mayBeDone whether one that came to its end is gone through again
 *
 * @returns whether it was before
 * @throws IndexError where it has been moved in to its end, or something of a team's is here that does not come from it
 */
export async function beginMove(db: Database, id: string, mayBeDone: boolean): Promise<boolean> {
  const { results } = await db
    .prepare("SELECT name FROM job WHERE name IN (?1, ?2)")
    .bind(begunRow(id), doneRow(id))
    .all<{ name: string }>();
  if (!mayBeDone && results.some(({ name }) => name === doneRow(id)))
    throw cannotMove("This folder has been moved in to its end already; what was done here since then stays.");
  if (results.length > 0) return true;
  const counts = TEAM_TABLES.map((table) => `(SELECT count(*) FROM ${table})`).join(" + ");
  const row = await db.prepare(`SELECT ${counts} AS found`).first<{ found: number }>();
  if (row?.found !== 0)
    throw cannotMove(
      "There are uploads, tokens or audit entries here already, and nothing is mixed with them. Move into a deployment that has none.",
    );
  await db.prepare("INSERT INTO job (name, ran_at) VALUES (?1, unixepoch() * 1000)").bind(begunRow(id)).run();
  return false;
}

/** Notes that a move is done. */
export async function endMove(db: Database, id: string): Promise<void> {
  await db.prepare("UPDATE job SET name = ?2 WHERE name = ?1").bind(begunRow(id), doneRow(id)).run();
}

/** Adds the rows of a file. Those that are there already stay. Returns how many rows the file has. */
export async function rowsIn({ database, objects }: MovedStores, place: MovePlace, path: string): Promise<number> {
  const lines = await readLines(place, path, movedRow);
  for (const [table, rows] of Map.groupBy(lines, (line) => line.table)) {
    if (!isMovedTable(table)) throw cannotMove(`${path} has rows of a table that is not moved: ${table}.`);
    if (table === "hosted_file") await checkBytes(objects, rows);
    if (table === "carried_object" || table === "carried_page") await checkCarried(objects, rows);
    for (const group of groupsOf(rows)) await insert(database, table, group);
  }
  return lines.length;
}

/** No row may name a file whose bytes are not here: clients would be told of a file that cannot be read. */
async function checkBytes(objects: Objects, rows: readonly MovedRow[]): Promise<void> {
  for (const { row } of rows) {
    const { filename, metadata_sha256: metadata } = row;
    const object = row["object"] ?? row["trashed"];
    if (typeof object !== "string") continue;
    const keys = metadata === null ? [object] : [object, hostedMetadataKey(object)];
    for (const key of keys)
      if (!(await objects.head(key)))
        throw cannotMove(
          `The bytes of the uploaded file ${filename} (${key}) are not there. Run move-out again, copy the folder once more, and run move-in again.`,
        );
  }
}

/** The same of what was carried. */
async function checkCarried(objects: Objects, rows: readonly MovedRow[]): Promise<void> {
  for (const { row } of rows) {
    const key = carriedKeyOf(String(row["sha256"]));
    if (!(await objects.head(key)))
      throw cannotMove(
        `The bytes of what was carried (${key}) are not there. Run move-out again, copy the folder once more, and run move-in again.`,
      );
  }
}

function* groupsOf(rows: readonly MovedRow[]): Generator<MovedRow["row"][]> {
  let group: MovedRow["row"][] = [];
  let length = 0;
  for (const { row } of rows) {
    const own = JSON.stringify(row).length;
    if (length + own > MAX_JSON && group.length > 0) {
      yield group;
      [group, length] = [[], 0];
    }
    group.push(row);
    length += own;
  }
  if (group.length > 0) yield group;
}

/** Names of columns are checked where the lines are read. */
async function insert(db: Database, table: MovedTable, rows: readonly MovedRow["row"][]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const quoted = columns.map((name) => `"${name}"`);
  const values = columns.map((name) => `value ->> '${name}'`);
  const json = JSON.stringify(rows);
  const put = `INSERT INTO "${table}" (${quoted.join(", ")}) SELECT ${values.join(", ")} FROM json_each(?1) WHERE true
    ON CONFLICT DO NOTHING`;
  const missing = `SELECT count(*) AS missing FROM json_each(?1) AS given WHERE NOT EXISTS (
    SELECT 1 FROM "${table}" WHERE ${columns.map((name) => `"${table}"."${name}" IS given.value ->> '${name}'`).join(" AND ")})`;
  const [, found] = await orSentence(table, () =>
    db.batch<{ missing: number }>([db.prepare(put).bind(json), db.prepare(missing).bind(json)]),
  );
  const isTeams = (TEAM_TABLES as readonly string[]).includes(table);
  if (isTeams && found?.results[0]?.missing !== 0)
    throw cannotMove(
      `The table ${table} has got other rows here since the move began. Let nothing write to a deployment while it is moved in; empty it, and begin anew.`,
    );
}

async function orSentence<Result>(table: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!/constraint|no such column|has no column/i.test(messageOf(error))) throw error;
    throw cannotMove(
      `Rows of the table ${table} cannot be stored here (${messageOf(error)}). Move out and in with the same version of pypi-edge.`,
    );
  }
}
