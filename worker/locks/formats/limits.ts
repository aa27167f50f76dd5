import { IndexError } from "../../errors.ts";
import { countMarks } from "./marks.ts";

/** Several times the numbers in the largest known locks. */
const MAX_PACKAGES = 5_000;
const MAX_FILES = 100_000;

/** URLs of a file that is mapped: several times those in the largest known locks. */
const MAX_URLS = 200_000;

/** Each package is compared with each index. */
const MAX_INDEXES = 100;

/**
 * Tables, lists and keys: a parser needs up to some 700 bytes for each, and more would fill an isolate's memory. Real locks of the
 * largest size that can be sent have at most two thirds of this, since most of their text is URLs and hashes.
 */
const MAX_MARKS = 120_000;

/** Throws `unprocessable` where a lock file has too many packages. `count` may be a partial count, so the message does not give it. */
export function assertPackages(name: string, count: number): void {
  if (count > MAX_PACKAGES) throw tooMany(name, "packages", MAX_PACKAGES);
}

/** Throws `unprocessable` where a lock file has too many files. */
export function assertFiles(name: string, count: number): void {
  if (count > MAX_FILES) throw tooMany(name, "files", MAX_FILES);
}

/** Throws `unprocessable` where a lock file names too many indexes for its packages. */
export function assertIndexes(name: string, count: number): void {
  if (count > MAX_INDEXES) throw tooMany(name, "indexes", MAX_INDEXES);
}

/** Throws `unprocessable` where a TOML or JSON text has more tables, lists and keys than any real lock, before it is parsed. */
export function assertMarks(name: string, text: string): void {
  if (countMarks(text, MAX_MARKS) > MAX_MARKS) throw tooMany(name, "tables, lists and keys", MAX_MARKS);
}

/** Throws `unprocessable` where a text has more URLs than any real lock, before they are looked for. */
export function assertUrls(name: string, text: string): void {
  let count = 0;
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) count++;
  if (count > MAX_URLS) throw tooMany(name, "URLs", MAX_URLS);
}

const tooMany = (name: string, what: string, limit: number) =>
  new IndexError(
    "unprocessable",
    `${name} has more than ${limit} ${what}, which is the limit of one request: split the project's lock into several.`,
  );
