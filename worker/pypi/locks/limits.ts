import { IndexError } from "../../errors.ts";

/** Several times what the largest known projects lock. */
const MAX_PACKAGES = 5_000;
const MAX_FILES = 100_000;

/** Throws `unprocessable` where a lock file has more packages than are looked at. */
export function assertPackages(name: string, count: number): void {
  if (count > MAX_PACKAGES) throw tooMany(name, count, "packages", MAX_PACKAGES);
}

/** Throws `unprocessable` where a lock file has more files than are looked at. */
export function assertFiles(name: string, count: number): void {
  if (count > MAX_FILES) throw tooMany(name, count, "files", MAX_FILES);
}

const tooMany = (name: string, count: number, what: string, limit: number) =>
  new IndexError(
    "unprocessable",
    `${name} has ${count} ${what}, and at most ${limit} can be looked at in one go: split what it locks.`,
  );
