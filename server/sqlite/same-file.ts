import { statSync } from "node:fs";

/**
 * Remembers which file is at a path, which must be there. SQLite goes on with an open file that was moved away, deleted or
 * replaced, so that what it has committed since is not where the next process looks.
 *
 * @returns whether the same file is at the path now; also false where it cannot be looked at
 */
export function sameFileAt(path: string): () => boolean {
  const before = identityOf(path);
  return () => {
    try {
      return identityOf(path) === before;
    } catch {
      return false;
    }
  };
}

function identityOf(path: string): string {
  // As a number it would not be exact on file systems of 64 bits.
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev} ${ino}`;
}
