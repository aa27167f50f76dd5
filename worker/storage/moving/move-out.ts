import { createHash } from "node:crypto";
import {
  LAST_MIGRATION,
  MOVED_KEYS,
  MOVED_VALUES,
  type MovedObject,
  type MovedValue,
  type MoveManifest,
  type MoveProgress,
} from "../../../schema/moving.ts";
import { SECOND } from "../../duration.ts";
import type { Database } from "../../platform/database.ts";
import type { KeyValue } from "../../platform/key-value.ts";
import type { ObjectHead, Objects } from "../../platform/objects.ts";
import { sha256 } from "../../repository/sha256.ts";
import { freshId } from "../keys.ts";
import { asJson, asLines, MANIFEST, numbered } from "./files.ts";
import { bytesPath, MOVE_FOLDER, type MovePlace } from "./place.ts";
import { LEFT_COLUMN, MOVED_TABLES, type MovedTable } from "./tables.ts";

/** What is moved. */
export interface MovedStores {
  readonly objects: Objects;
  readonly keyValue: KeyValue;
  readonly database: Database;
}

/** What `moveOut` asks of the stores: it only reads. */
export interface ReadStores {
  readonly objects: Pick<Objects, "get" | "list">;
  readonly keyValue: Pick<KeyValue, "getWithMetadata" | "list">;
  readonly database: Pick<Database, "prepare">;
}

/** Rows, and keys, of one file. */
const ROWS = 500;
const KEYS = 200;

/** Bytes of values in one file, where it has more than one. */
const VALUE_BYTES = 4 * 1024 * 1024;

/** Beside the files, until the manifest is written: how far the move is. */
const POSITION = `${MOVE_FOLDER}position.json`;

/** R2 takes one write a second under one key. What was done since the last one is done again after a stop. Milliseconds. */
const WRITE_EVERY = 2 * SECOND;

interface Position extends Omit<MoveManifest, "format"> {
  /** The newest entry of the audit log when the move began. */
  readonly audited: number;
  readonly moved: Omit<MoveProgress, "isDone" | "left" | "late">;
  /** The rows are moved table by table. undefined: all rows are moved. */
  readonly table?: MovedTable | undefined;
  /** The values of the last row's key. */
  readonly lastRow?: readonly (string | number)[] | undefined;
  /** The last key; undefined: all objects are moved. */
  readonly lastKey?: string | undefined;
  readonly cursor?: string | undefined;
}

const TABLES = Object.keys(MOVED_TABLES) as MovedTable[];

/**
 * Writes all that is stored, but for uploads that are not finished, into a move folder: rows first, so that each object
 * that they name is still there. A call that was broken off is gone on with by the next one. Nothing that is stored changes.
 *
 * @param goesOn whether there is time for another file
 * @param now milliseconds
 */
export async function moveOut(
  from: ReadStores,
  place: MovePlace,
  goesOn: () => boolean,
  now: () => number,
): Promise<MoveProgress> {
  let at = (await readPosition(place)) ?? (await begin(from.database));
  let writtenAt = -Infinity;
  // What was moved out before is no longer whole as soon as a file of it is replaced.
  await place.remove(MANIFEST);
  while (at.table !== undefined || at.lastKey !== undefined || at.cursor !== undefined) {
    if (!goesOn()) return { ...at.moved, isDone: false, left: 0, late: 0 };
    if (at.table !== undefined) at = await rowsOut(from.database, place, at, at.table);
    else if (at.lastKey !== undefined) at = await objectsOut(from.objects, place, at, at.lastKey);
    else at = await valuesOut(from.keyValue, place, at);
    if (now() - writtenAt < WRITE_EVERY) continue;
    await place.write(POSITION, asJson(at));
    writtenAt = now();
  }
  const { id, migration, audited, rows, objects, values, moved } = at;
  const late = await auditedSince(from.database, audited);
  await place.write(MANIFEST, asJson({ format: 1, id, migration, rows, objects, values }));
  await place.remove(POSITION);
  return { ...moved, isDone: true, left: 0, late };
}

async function begin(db: ReadStores["database"]): Promise<Position> {
  const newest = await db.prepare("SELECT max(id) AS id FROM audit").first<{ id: number | null }>();
  return {
    id: freshId(),
    migration: LAST_MIGRATION,
    audited: newest?.id ?? 0,
    rows: 0,
    objects: 0,
    values: 0,
    moved: { rows: 0, objects: 0, bytes: 0, values: 0 },
    table: TABLES[0],
    lastKey: "",
    cursor: "",
  };
}

/** Without the runs of jobs: each run that goes on with the move is an entry. */
async function auditedSince(db: ReadStores["database"], audited: number): Promise<number> {
  const row = await db
    .prepare("SELECT count(*) AS n FROM audit WHERE id > ?1 AND action <> 'job.run'")
    .bind(audited)
    .first<{ n: number }>();
  return row?.n ?? 0;
}

/** The text is our own; undefined where a version with other tables wrote it, whose rows do not fit those of now. */
async function readPosition(place: MovePlace): Promise<Position | undefined> {
  const bytes = await place.read(POSITION);
  const position = bytes && (JSON.parse(new TextDecoder().decode(bytes)) as Position);
  return position?.migration === LAST_MIGRATION ? position : undefined;
}

async function rowsOut(
  db: ReadStores["database"],
  place: MovePlace,
  at: Position,
  table: MovedTable,
): Promise<Position> {
  const columns = MOVED_TABLES[table];
  const behind = columns.map((_, index) => `?${index + 1}`).join(", ");
  const where = at.lastRow ? `WHERE (${columns.join(", ")}) > (${behind})` : "";
  const { results } = await db
    .prepare(`SELECT * FROM "${table}" ${where} ORDER BY ${columns.join(", ")} LIMIT ${ROWS}`)
    .bind(...(at.lastRow ?? []))
    .all<Record<string, string | number>>();
  const last = results.at(-1);
  if (!last) return { ...at, table: TABLES[TABLES.indexOf(table) + 1], lastRow: undefined };
  const number = at.rows + 1;
  await place.write(
    `${numbered("rows", number)}.jsonl`,
    asLines(results.map(({ [LEFT_COLUMN]: _left, ...row }) => ({ table, row }))),
  );
  const lastRow = columns.map((column) => last[column] ?? "");
  return { ...at, rows: number, lastRow, moved: { ...at.moved, rows: at.moved.rows + results.length } };
}

async function objectsOut(
  objects: ReadStores["objects"],
  place: MovePlace,
  at: Position,
  startAfter: string,
): Promise<Position> {
  const listed = await objects.list({
    limit: KEYS,
    include: ["customMetadata"],
    ...(startAfter !== "" && { startAfter }),
  });
  const lastKey = listed.truncated ? listed.objects.at(-1)?.key : undefined;
  const lines: MovedObject[] = [];
  for (const head of listed.objects) {
    if (MOVED_KEYS.test(head.key)) lines.push(...(await objectOut(objects, place, head)));
  }
  if (lines.length === 0) return { ...at, lastKey };
  const number = at.objects + 1;
  await place.write(`${numbered("objects", number)}.jsonl`, asLines(lines));
  const bytes = lines.reduce((sum, { size }) => sum + size, at.moved.bytes);
  return { ...at, lastKey, objects: number, moved: { ...at.moved, bytes, objects: at.moved.objects + lines.length } };
}

/** The line of an object; none where it was deleted or replaced meanwhile. */
async function objectOut(objects: ReadStores["objects"], place: MovePlace, head: ObjectHead): Promise<MovedObject[]> {
  const { key, size, etag, customMetadata: metadata = {} } = head;
  const digest = knownDigest(head) ?? (await readDigest(objects, head));
  if (digest === undefined) return [];
  if (place.has(key)) return [{ key, path: key, size, sha256: digest, metadata }];
  const object = await objects.get(key, { onlyIf: { etagMatches: etag } });
  if (!object || !("body" in object)) return [];
  const path = bytesPath(sha256(key));
  await place.add(path, object, digest);
  return [{ key, path, size, sha256: digest, metadata }];
}

/** SHA-256 in hex: of a hosted file, and of what was carried, it is in its key, and of a verified mirrored file in its metadata. */
export function knownDigest({ key, customMetadata }: Pick<ObjectHead, "key" | "customMetadata">): string | undefined {
  const { digest = "", unchecked } = customMetadata ?? {};
  const [, ofMirrored] = /^sha256=([0-9a-f]{64})$/.exec(digest) ?? [];
  const [, ofKept] = /^(?:hosted\/(?=[^/]+\/)|carried\/(?=[^/]+$))([0-9a-f]{64})(?:\/[0-9a-f]+)?$/.exec(key) ?? [];
  return ofKept ?? (unchecked === "true" ? undefined : ofMirrored);
}

async function readDigest(objects: ReadStores["objects"], { key, etag }: ObjectHead): Promise<string | undefined> {
  const object = await objects.get(key, { onlyIf: { etagMatches: etag } });
  if (!object || !("body" in object)) return undefined;
  const hash = createHash("sha256");
  const reader = object.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return hash.digest("hex");
    hash.update(value);
  }
}

async function valuesOut(kv: ReadStores["keyValue"], place: MovePlace, at: Position): Promise<Position> {
  const listed = await kv.list({ limit: KEYS, ...(at.cursor && { cursor: at.cursor }) });
  const cursor = listed.list_complete ? undefined : listed.cursor;
  let position: Position = at;
  let lines: MovedValue[] = [];
  let bytes: Uint8Array<ArrayBuffer>[] = [];
  const flush = async () => {
    if (lines.length === 0) return;
    const number = position.values + 1;
    const path = numbered("values", number);
    await place.write(`${path}.bin`, new Uint8Array(await new Blob(bytes).arrayBuffer()));
    await place.write(`${path}.jsonl`, asLines(lines));
    const moved = { ...position.moved, values: position.moved.values + lines.length };
    position = { ...position, values: number, moved };
    [lines, bytes] = [[], []];
  };
  for (const { name: key } of listed.keys.filter(({ name }) => MOVED_VALUES.test(name))) {
    const { value, metadata } = await kv.getWithMetadata(key, "stream");
    if (!value) continue;
    const content = new Uint8Array(await new Response(value).arrayBuffer());
    const size = content.byteLength;
    if (size + lines.reduce((sum, line) => sum + line.size, 0) > VALUE_BYTES) await flush();
    lines.push({ key, size, sha256: sha256(content), metadata });
    bytes.push(content);
  }
  await flush();
  return { ...position, cursor };
}
