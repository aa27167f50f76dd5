import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "../objects/system-error.ts";
import { CannotCarryOver } from "./cannot-carry-over.ts";

/** Earlier versions ran on simulators of Cloudflare's stores. This is where the simulators of D1 and R2 have their SQLite files. */
const DATABASES = join("d1", "miniflare-D1DatabaseObject");
const BUCKETS = join("r2", "miniflare-R2BucketObject");

/** The simulators name a file by an id of what is in it. Other SQLite files beside it are their own. */
const STORE = /^[0-9a-f]{64}\.sqlite$/;

/** What is read of the simulators' files. */
export interface SimulatedState {
  /** The SQLite file that is the simulated database. */
  readonly database: string;
  /** The SQLite file with the rows of the simulated bucket; undefined where nothing was ever stored in it. */
  readonly bucket: string | undefined;
  /** Folders with the bytes of the bucket's objects. */
  readonly blobs: readonly string[];
}

/** Whether simulators have stored their data in a state directory. */
export const isSimulatedState = (state: string): boolean => existsSync(join(state, DATABASES));

/**
 * Finds the simulators' files in a state directory.
 *
 * @throws CannotCarryOver where there is no database, or several of a kind
 */
export async function findSimulatedState(state: string): Promise<SimulatedState> {
  const database = await onlyStore(join(state, DATABASES));
  if (database === undefined)
    throw new CannotCarryOver(`${state} is no state directory of an earlier version: it has no simulated database.`);
  const bucket = await onlyStore(join(state, BUCKETS));
  const folders = await namesIn(join(state, "r2"));
  return { database, bucket, blobs: folders.map((name) => join(state, "r2", name, "blobs")).filter(existsSync) };
}

/** Sizes and times of the SQLite files, which differ after any write. Old servers hold no lock that others would see. */
export async function stampOf({ database, bucket }: SimulatedState): Promise<string> {
  const files = [database, bucket].flatMap((file) => (file === undefined ? [] : [file, walOf(file)]));
  const stamps = files.map(async (file) => {
    const { size, mtimeMs } = await stat(file).catch(absent);
    return `${size} ${mtimeMs}`;
  });
  return (await Promise.all(stamps)).join();
}

/** The file beside an SQLite file with what was written last. A server that ended in good order has left one, too. */
export const walOf = (file: string): string => `${file}-wal`;

/** Another id in wrangler.toml makes another file: which of them is meant cannot be known here. */
async function onlyStore(folder: string): Promise<string | undefined> {
  const [name, ...others] = (await namesIn(folder)).filter((each) => STORE.test(each));
  if (others.length > 0)
    throw new CannotCarryOver(
      `${folder} has ${others.length + 1} files, made under different ids in wrangler.toml: ${[name, ...others].join(", ")}. Move all but the one that was used last out of it, in a copy of the state directory.`,
    );
  return name === undefined ? undefined : join(folder, name);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    if (isSystemError(error, "ENOENT") || isSystemError(error, "ENOTDIR")) return [];
    throw error;
  }
}

function absent(error: unknown) {
  if (isSystemError(error, "ENOENT")) return { size: 0, mtimeMs: 0 };
  throw error;
}
