import { existsSync } from "node:fs";
import { join } from "node:path";
import { CannotCarryOver } from "../../server/carry-over/cannot-carry-over.ts";
import { markFinished, markUnfinished, refuseForeign } from "../../server/carry-over/unfinished.ts";
import { UnusableDatabase } from "../../server/migrate.ts";
import { moveIntoState, moveOutOfState } from "../../server/moving/move.ts";
import { IndexError, messageOf } from "../../worker/errors.ts";
import { CommandError } from "../lib/command-error.ts";
import { MIGRATIONS } from "../lib/project-folder.ts";
import { refuseSimulatorsState } from "../server/simulators-state.ts";
import { whileLocked } from "../server/state.ts";

type Moved = Awaited<ReturnType<typeof moveOutOfState>>;

/**
 * Moves all that a state directory has into a folder. A call that was broken off is gone on with by the next one.
 *
 * @throws CommandError
 */
export async function moveAllOut(state: string, folder: string): Promise<Moved> {
  refuseSimulatorsState(state);
  if (!existsSync(join(state, "database.sqlite")))
    throw new CommandError(`${state} is no state directory: it has no database. Name the server's with --state DIR.`);
  return orCommandError(state, () =>
    whileLocked(state, () => moveOutOfState({ state, folder, migrations: MIGRATIONS })),
  );
}

/**
 * Moves all that a folder has into a new state directory, which no server takes before that has come to its end.
 *
 * @throws CommandError
 */
export async function moveAllIn(folder: string, state: string): Promise<Moved> {
  if (!existsSync(join(folder, "move")))
    throw new CommandError(
      `${folder} has no folder "move". Name the folder that move-out was given, or the copy of the bucket.`,
    );
  return orCommandError(state, async () => {
    await refuseForeign(folder, state);
    return whileLocked(state, async () => {
      await markUnfinished(folder, state);
      const moved = await moveIntoState({ state, folder, migrations: MIGRATIONS });
      await markFinished(state);
      return moved;
    });
  });
}

async function orCommandError(state: string, move: () => Promise<Moved>): Promise<Moved> {
  try {
    return await move();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const isSentence =
      error instanceof IndexError || error instanceof CannotCarryOver || error instanceof UnusableDatabase;
    throw new CommandError(
      isSentence
        ? error.message
        : `${state} could not be moved to its end: ${messageOf(error)}. Run the command again: it goes on from there.`,
    );
  }
}
