import { messageOf } from "../worker/errors.ts";
import { saysDamaged } from "./sqlite/codes.ts";

/** An SQLite file of a state directory cannot be used as it is. The message is a sentence that says why, and what to do. */
export class UnusableDatabase extends Error {}

/** The error for a damaged file. @param rest goes on after the advice to restore a copy */
export const damagedDatabase = (file: string, error: unknown, rest: string) =>
  new UnusableDatabase(
    `${file} is damaged, or no SQLite database (${messageOf(error)}). Restore the state directory from a copy${rest}`,
    { cause: error },
  );

/**
 * Opens an SQLite file that is not the only place of what it has.
 *
 * @param without what comes of it where the file is moved away
 * @throws UnusableDatabase where the file is damaged, or the error of `open`
 */
export async function orUnusable<Opened>(file: string, without: string, open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (!saysDamaged(error)) throw error;
    throw damagedDatabase(
      file,
      error,
      `. Without a copy, move the file away, with those whose names begin with its own: ${without}.`,
    );
  }
}
