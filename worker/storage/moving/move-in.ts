import { LAST_MIGRATION, movedObject, movedValue, type MovedValue, type MoveProgress } from "../../../schema/moving.ts";
import type { KeyValue } from "../../platform/key-value.ts";
import { sha256 } from "../../repository/sha256.ts";
import { asJson, KINDS, numbered, readLines, readManifest, readWhole, type FileKind } from "./files.ts";
import type { MovedStores } from "./move-out.ts";
import { objectsIn } from "./objects-in.ts";
import { cannotMove, MOVE_FOLDER, type MovePlace } from "./place.ts";
import { beginMove, endMove, rowsIn } from "./rows-in.ts";

/** Beside the files, where a call ended early: how far the move is. */
const POSITION = `${MOVE_FOLDER}moved-in.json`;

interface Position {
  readonly id: string;
  /** How many files are done. */
  readonly files: number;
  readonly moved: Omit<MoveProgress, "isDone" | "late">;
}

const NOTHING: Position["moved"] = { rows: 0, objects: 0, bytes: 0, values: 0, left: 0 };

/**
 * Stores all that a move folder has. Objects come first, so that each row finds the bytes that it names. A call that was
 * broken off is gone on with by the next one. What is there already stays; digests are verified.
 *
 * @param goesOn whether there is time for another file
 * @param mayBeDone whether a move that came to its end is gone through again: nothing is in use that came from it
 * @throws IndexError where the folder is not whole, or something of a team's is here that does not come from it
 */
export async function moveIn(
  to: MovedStores,
  place: MovePlace,
  goesOn: () => boolean,
  mayBeDone = false,
): Promise<MoveProgress> {
  const manifest = await readManifest(place);
  const { id, migration } = manifest;
  if (migration !== LAST_MIGRATION)
    throw cannotMove(
      `The folder was made by a version of pypi-edge whose last migration is ${migration}; the last one here is ${LAST_MIGRATION}. Move out and in with the same version, and upgrade before or after that.`,
    );
  const isBegun = await beginMove(to.database, id, mayBeDone);
  const begun = isBegun ? await readPosition(place, id) : undefined;
  let [done, moved] = [begun?.files ?? 0, begun?.moved ?? NOTHING];
  const files = KINDS.flatMap((kind) => Array.from({ length: manifest[kind] }, (_, before) => ({ kind, before })));
  for (const { kind, before } of files.slice(done)) {
    if (!goesOn()) {
      await place.write(POSITION, asJson({ id, files: done, moved } satisfies Position));
      return { ...moved, isDone: false, late: 0 };
    }
    moved = await MOVE[kind](to, place, numbered(kind, before + 1), moved);
    done += 1;
  }
  await endMove(to.database, id);
  return { ...moved, isDone: true, late: 0 };
}

type MoveFile = (
  to: MovedStores,
  place: MovePlace,
  path: string,
  moved: Position["moved"],
) => Promise<Position["moved"]>;

const MOVE: Readonly<Record<FileKind, MoveFile>> = {
  async objects({ objects }, place, path, moved) {
    const lines = await readLines(place, `${path}.jsonl`, movedObject);
    const left = await objectsIn(objects, place, lines);
    const there = lines.filter(({ key }) => !left.has(key));
    const bytes = there.reduce((sum, { size }) => sum + size, moved.bytes);
    return { ...moved, bytes, objects: moved.objects + there.length, left: moved.left + left.size };
  },

  async values({ keyValue }, place, path, moved) {
    const lines = await readLines(place, `${path}.jsonl`, movedValue);
    const left = await valuesIn(keyValue, lines, await readWhole(place, `${path}.bin`));
    return { ...moved, values: moved.values + lines.length - left, left: moved.left + left };
  },

  async rows(to, place, path, moved) {
    return { ...moved, rows: moved.rows + (await rowsIn(to, place, `${path}.jsonl`)) };
  },
};

async function readPosition(place: MovePlace, id: string): Promise<Position | undefined> {
  const bytes = await place.read(POSITION);
  // The text is our own, but may have come with a copy of another move.
  const position = bytes && (JSON.parse(new TextDecoder().decode(bytes)) as Position);
  return position?.id === id ? position : undefined;
}

/** Returns how many were left out, because their bytes are not as they were: they are fetched again. */
async function valuesIn(kv: KeyValue, lines: readonly MovedValue[], bytes: Uint8Array): Promise<number> {
  let [left, offset] = [0, 0];
  for (const { key, size, sha256: digest, metadata } of lines) {
    const value = bytes.subarray(offset, (offset += size));
    if (sha256(value) !== digest) left += 1;
    else if (!(await isStored(kv, key))) await kv.put(key, value, { metadata });
  }
  return left;
}

async function isStored(kv: KeyValue, key: string): Promise<boolean> {
  const value = await kv.get(key, "stream");
  await value?.cancel();
  return value !== null;
}
