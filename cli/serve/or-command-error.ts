import { CannotCarryOver } from "../../server/carry-over/cannot-carry-over.ts";
import { pathErrorText } from "../../server/file-errors.ts";
import { UnusableDatabase } from "../../server/migrate.ts";
import { IndexError } from "../../worker/errors.ts";
import { CommandError } from "../lib/command-error.ts";

/**
 * Does something with a state directory.
 *
 * @param otherwise a sentence for an error that is none itself
 * @throws CommandError for every error
 */
export async function orCommandError<Result>(
  otherwise: (reason: string) => string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const isSentence =
      error instanceof IndexError || error instanceof CannotCarryOver || error instanceof UnusableDatabase;
    throw new CommandError(isSentence ? error.message : otherwise(pathErrorText(error)));
  }
}
