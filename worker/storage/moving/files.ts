import type * as z from "zod/mini";
import { moveManifest, type MoveManifest } from "../../../schema/moving.ts";
import { cannotMove, MOVE_FOLDER, type MovePlace } from "./place.ts";

/** The kinds of numbered files in a move folder, in the order in which they are moved in. */
export const KINDS = ["objects", "values", "rows"] as const;

export type FileKind = (typeof KINDS)[number];

export const MANIFEST = `${MOVE_FOLDER}manifest.json`;

/** The path of a numbered file without its ending. Numbers begin at 1. */
export const numbered = (kind: FileKind, number: number) => `${MOVE_FOLDER}${kind}/${String(number).padStart(6, "0")}`;

export const asJson = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`);

/** Lines of JSON as the bytes of a file. */
export const asLines = (values: readonly unknown[]): Uint8Array =>
  new TextEncoder().encode(values.map((value) => `${JSON.stringify(value)}\n`).join(""));

/** @throws IndexError where the folder is not complete, or was made by another version */
export async function readManifest(place: MovePlace): Promise<MoveManifest> {
  const bytes = await place.read(MANIFEST);
  if (!bytes)
    throw cannotMove(
      `There is no ${MANIFEST}: either nothing was moved out, or not to the end. Run move-out again, and copy the folder once more.`,
    );
  return parse(moveManifest, new TextDecoder().decode(bytes), MANIFEST);
}

/** The lines of a numbered file. */
export async function readLines<Line>(place: MovePlace, path: string, line: z.ZodMiniType<Line>): Promise<Line[]> {
  const text = new TextDecoder().decode(await readWhole(place, path));
  return text
    .split("\n")
    .filter((each) => each !== "")
    .map((each) => parse(line, each, path));
}

export async function readWhole(place: MovePlace, path: string): Promise<Uint8Array> {
  const bytes = await place.read(path);
  if (!bytes) throw cannotMove(`${path} is not there. Copy the folder once more, and run move-in again.`);
  return bytes;
}

function parse<Value>(schema: z.ZodMiniType<Value>, text: string, path: string): Value {
  const parsed = schema.safeParse(orUndefined(text));
  if (parsed.success) return parsed.data;
  throw cannotMove(
    `${path} is damaged, or of another version of pypi-edge. Copy the folder once more with the version that made it.`,
  );
}

function orUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
