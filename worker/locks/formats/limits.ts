import { IndexError } from "../../errors.ts";
import { countMarks } from "./marks.ts";

/** Several times what the largest known projects lock. */
const MAX_PACKAGES = 5_000;
const MAX_FILES = 100_000;

/** Each is compared for each package. */
const MAX_INDEXES = 100;

/**
 * A parser needs up to some 700 bytes for each: more of them would take an isolate's memory. Locks as large as can be sent
 * have two thirds of it at most, as most of their text is URLs and hashes.
 */
const MAX_MARKS = 120_000;

/** Throws `unprocessable` where a lock file has more packages than are looked at; who stops counting there need not know how many. */
export function assertPackages(name: string, count: number): void {
  if (count > MAX_PACKAGES) throw tooMany(name, "packages", MAX_PACKAGES);
}

/** Throws `unprocessable` where a lock file has more files than are looked at. */
export function assertFiles(name: string, count: number): void {
  if (count > MAX_FILES) throw tooMany(name, "files", MAX_FILES);
}

/** Throws `unprocessable` where a lock file names more indexes for its packages than are looked at. */
export function assertIndexes(name: string, count: number): void {
  if (count > MAX_INDEXES) throw tooMany(name, "indexes", MAX_INDEXES);
}

/** Throws `unprocessable` where a text in TOML or JSON has more tables, lists and keys than a lock has. Nothing is parsed. */
export function assertMarks(name: string, text: string): void {
  if (countMarks(text, MAX_MARKS) > MAX_MARKS) throw tooMany(name, "tables, lists and keys", MAX_MARKS);
}

const tooMany = (name: string, what: string, limit: number) =>
  new IndexError(
    "unprocessable",
    `${name} has more than ${limit} ${what}, which is the most that can be looked at in one go: split what it locks.`,
  );
