import { IndexError } from "../../errors.ts";
import type { Objects, ObjectWithBody } from "../../platform/objects.ts";

/** Where a move folder lies: in a folder of a disk, or in a bucket, among the objects. Paths are relative to either. */
export interface MovePlace {
  /** The bytes of a small file; undefined where there is none. */
  read(path: string): Promise<Uint8Array | undefined>;
  write(path: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
  /** Whether it is the store itself. */
  readonly isStore: boolean;
  /** Whether an object's bytes already lie in the place under its key, and can be copied as a file of that name. */
  has(key: string): boolean;
  /** Adds an object's bytes under a path. The body is read, or cancelled. */
  add(path: string, object: ObjectWithBody, sha256: string): Promise<void>;
  /** The bytes under a path; undefined where there are none. */
  open(path: string): Promise<{ readonly size: number; readonly body: ReadableStream<Uint8Array> } | undefined>;
}

/** What all paths in a move folder begin with. No other key of a store does. */
export const MOVE_FOLDER = "move/";

/** The path of an object's bytes that do not lie under its key. It is a file's name on every disk. */
export const bytesPath = (keyDigest: string) => `${MOVE_FOLDER}bytes/${keyDigest.slice(0, 2)}/${keyDigest}`;

/** A file's name that no folder has as well: `a` and `a/b` are both keys, but not both paths. */
const FILE = /\.(?:whl|egg|zip|tar\.gz|tar\.bz2|tar\.xz|tgz)(?:\.metadata)?$/i;
const SEGMENT = /^[\w%+~=,-][\w%+~=,.-]{0,199}$/;
const HOSTED = /^hosted\/[0-9a-f]{64}\/[0-9a-f]{16}(?:\.metadata)?$/;

/** Whether a program that copies objects into files can give each object the path that its key is. */
export function isFileName(key: string): boolean {
  if (HOSTED.test(key)) return true;
  const segments = key.split("/");
  return (
    key.length <= 900 &&
    segments.every((segment) => SEGMENT.test(segment) && !segment.endsWith(".")) &&
    segments.filter((segment) => FILE.test(segment)).length === 1 &&
    FILE.test(segments.at(-1) ?? "")
  );
}

/** The place in a bucket whose objects are moved: what has a fit key is there already. */
export const bucketPlace = (objects: Objects): MovePlace => ({
  async read(path) {
    return (await objects.get(path))?.bytes();
  },
  async write(path, bytes) {
    await objects.put(path, bytes);
  },
  remove: (path) => objects.delete(path),
  isStore: true,
  has: isFileName,
  async add(path, { body }, sha256) {
    await objects.put(path, body, { sha256 });
  },
  async open(path) {
    return (await objects.get(path)) ?? undefined;
  },
});

/** Input, or a target, that cannot be moved. The sentence says what to do. */
export const cannotMove = (sentence: string) => new IndexError("unprocessable", sentence);
