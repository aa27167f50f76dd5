import type { MovedObject } from "../../../schema/moving.ts";
import { isKept, type ObjectHead, type Objects } from "../../platform/objects.ts";
import { HOSTED_PREFIX } from "../keys.ts";
import { inPool } from "../../repository/pool.ts";
import { sha256 as digestOf } from "../../repository/sha256.ts";
import { bytesPath, cannotMove, isFileName, type MovePlace } from "./place.ts";

/** Objects that are written at once. */
const AT_ONCE = 4;

/** R2's code for bytes with another digest. */
const BAD_DIGEST = "(10037)";

/**
 * Stores objects with their metadata. Those that are there already stay, but one that another program has copied to its
 * key is written again: its bytes were not verified, and its metadata is not as it was.
 *
 * @returns the keys of those that can be fetched again and whose bytes are not there, or have another digest
 * @throws IndexError where that is so of a hosted or carried one, or one is here with other bytes
 */
export async function objectsIn(
  objects: Objects,
  place: MovePlace,
  lines: readonly MovedObject[],
): Promise<ReadonlySet<string>> {
  const faults = await inPool(AT_ONCE, lines, async (line) => {
    const fault = await objectIn(objects, place, line);
    if (fault !== undefined && isKept(line.key))
      throw cannotMove(
        `The ${line.key.startsWith(HOSTED_PREFIX) ? "uploaded" : "carried"} file ${line.key} ${fault}. Nothing is lost: copy the folder once more, and run move-in again.`,
      );
    return fault;
  });
  return new Set(lines.filter((_, at) => faults[at] !== undefined).map(({ key }) => key));
}

/** Resolves with what is wrong with the bytes in the place. */
async function objectIn(objects: Objects, place: MovePlace, line: MovedObject): Promise<string | undefined> {
  const { key, path, size, sha256, metadata } = line;
  // Other paths could lead out of the folder.
  if (path !== bytesPath(digestOf(key)) && !(path === key && isFileName(key)))
    throw cannotMove(`The object ${key} has a path that move-out does not give: ${path}. Copy the folder once more.`);
  const stored = await objects.head(key);
  const isTeams = isKept(key);
  if (isTeams && !isNamedRight(key, sha256)) return "has another digest than its key says";
  if (stored) {
    if (isTeams && stored.size !== size)
      throw cannotMove(
        `${key} is here with other bytes than in the folder. Nothing was overwritten: move into a deployment that hosts nothing.`,
      );
    // Written here before, and verified then.
    if (path !== key && hasMetadata(stored, metadata)) return undefined;
    if (!place.isStore || !isPlainCopy(stored, line)) return undefined;
  }
  const source = await place.open(path);
  if (!source) return `is not there: ${path}`;
  if (source.size !== size) {
    await source.body.cancel();
    return `has ${source.size} bytes instead of ${size}: ${path}`;
  }
  try {
    // What was put meanwhile stays.
    const onlyIf = stored ? { etagMatches: stored.etag } : { etagDoesNotMatch: "*" };
    await objects.put(key, source.body, { sha256, customMetadata: metadata, onlyIf });
    return undefined;
  } catch (error) {
    if (!String(error).includes(BAD_DIGEST)) throw error;
    return `has other bytes than were moved out: ${path}`;
  }
}

/** The key of a hosted file, and of what was carried, has its digest; that of its core metadata has the file's. */
const isNamedRight = (key: string, sha256: string) => key.endsWith(".metadata") || key.split("/")[1] === sha256;

function hasMetadata({ customMetadata = {} }: ObjectHead, metadata: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(metadata);
  return (
    names.length === Object.keys(customMetadata).length &&
    names.every((name) => customMetadata[name] === metadata[name])
  );
}

/**
 * Whether an object can be what a program has made of the moved one that only copies bytes, or that keeps names of
 * metadata in lower case, as S3 does. rclone adds `mtime`.
 */
function isPlainCopy({ size, customMetadata = {} }: ObjectHead, { size: moved, metadata }: MovedObject): boolean {
  const own = new Map(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
  return (
    size === moved &&
    Object.entries(customMetadata).every(([name, value]) => name === "mtime" || own.get(name.toLowerCase()) === value)
  );
}
