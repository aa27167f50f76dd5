import * as z from "zod/mini";
import { counted } from "../worker/pypi/counted.ts";

/**
 * The files of a move folder, which carries all that is stored from one platform to another: schema/STORAGE.md. They were
 * copied by other programs and are checked like any input.
 */

/** The last migration: rows are moved between databases with the same tables only. */
export const LAST_MIGRATION = "0032_deleted_page.sql";

/** Keys of objects that are moved: all but uploads that are not finished. Bytes of a key: at most 1,024. */
export const MOVED_KEYS = /^(?:carried|hosted|file|metadata|page|list|list-html)\//;

/** Keys of values that are moved: all others are made anew of these. */
export const MOVED_VALUES = /^(?:page|queries|document)\//;

const HEX = /^[0-9a-f]{64}$/;
const count = z.number().check(z.int(), z.nonnegative());

/** `manifest.json`: written last. `rows`, `objects` and `values` are numbers of files. */
export const moveManifest = z.object({
  format: z.literal(1),
  /** Random; another one for each move. */
  id: z.string().check(z.regex(/^[0-9a-f]{16}$/)),
  migration: z.string(),
  rows: count,
  objects: count,
  values: count,
});

export type MoveManifest = z.infer<typeof moveManifest>;

/** A line of `objects/*.jsonl`. */
export const movedObject = z.object({
  key: z.string().check(z.regex(MOVED_KEYS), z.maxLength(1_024)),
  /** Where its bytes lie, from the folder that the move folder is in. */
  path: z.string(),
  /** Bytes. */
  size: count,
  sha256: z.string().check(z.regex(HEX)),
  /** The custom metadata. */
  metadata: z.record(z.string(), z.string()),
});

export type MovedObject = z.infer<typeof movedObject>;

/** A line of `values/*.jsonl`; the bytes of all its values lie one after the other in the `.bin` beside it. */
export const movedValue = z.object({
  key: z.string().check(z.regex(MOVED_VALUES), z.maxLength(512)),
  size: count,
  sha256: z.string().check(z.regex(HEX)),
  metadata: z.unknown(),
});

export type MovedValue = z.infer<typeof movedValue>;

const column = z.union([z.string(), z.number(), z.null()]);

/** A line of `rows/*.jsonl`. */
export const movedRow = z.object({
  table: z.string(),
  row: z.record(z.string().check(z.regex(/^[a-z0-9_]{1,40}$/)), column),
});

export type MovedRow = z.infer<typeof movedRow>;

/** How far a move is: what was done so far, in all its runs. */
export interface MoveProgress {
  /** Nothing is left for another run. */
  readonly isDone: boolean;
  readonly rows: number;
  readonly objects: number;
  /** Of the objects. */
  readonly bytes: number;
  /** Pages and documents. */
  readonly values: number;
  /** Objects and values that can be fetched again and were left out: their bytes are not there, or not as they were. */
  readonly left: number;
  /** Of a `move-out` that is done: entries that the audit log has got since it began. What they are about may be missing. */
  readonly late: number;
}

/** What is said of a `move-out` that is done where something was written since it began. */
export const mayBeMissing = (late: number): string =>
  `Since the move began, the audit log has got ${counted(late, "entry", "entries")}: what they are about may be missing from the move folder. Run move-out again: it begins anew.`;

/** Moves all that is stored from one deployment to another, through a folder that other programs copy. */
export interface Moving {
  /** Goes on for some time (milliseconds), or to the end, with writing the move folder into the bucket. */
  out(time: number): Promise<MoveProgress>;
  /** The same with storing what the move folder in the bucket has. */
  in(time: number): Promise<MoveProgress>;
}
