import { CannotCarryOver } from "../../server/carry-over/cannot-carry-over.ts";
import { pathErrorText } from "../../server/file-errors.ts";
import { UnusableDatabase } from "../../server/unusable-database.ts";
import { IndexError } from "../../worker/errors.ts";
import { CommandError } from "../lib/command-error.ts";
import { remedyOf } from "../lib/remedy.ts";

/**
 * Does something with a state directory.
 *
 * @param notDone begins the sentence for an error that is none itself: what was not done
 * @param again ends it where the command may be run again
 * @throws CommandError for every error
 */
export async function orCommandError<Result>(
  { notDone, again }: { readonly notDone: string; readonly again: string },
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const isSentence =
      error instanceof IndexError || error instanceof CannotCarryOver || error instanceof UnusableDatabase;
    throw new CommandError(
      isSentence ? error.message : `${notDone}: ${pathErrorText(error)}. ${remedyOf(error, again)}`,
    );
  }
}
