import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { markFinished, markUnfinished, refuseForeign } from "../../server/carry-over/unfinished.ts";
import { moveIntoState, moveOutOfState } from "../../server/moving/move.ts";
import { CommandError } from "../lib/command-error.ts";
import { MIGRATIONS } from "../lib/project-folder.ts";
import { refuseNoState, whileLocked } from "../serve/state.ts";
import { orCommandError } from "../serve/or-command-error.ts";

type Moved = Awaited<ReturnType<typeof moveOutOfState>>;

/**
 * Moves all that a state directory has into a folder. A call that was broken off is gone on with by the next one.
 *
 * @throws CommandError
 */
export async function moveAllOut(state: string, folder: string): Promise<Moved> {
  refuseNoState(state);
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new CommandError(`${folder} is a file. Name a folder, which is made where there is none.`);
  return orCommandError(notMoved(state), () =>
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
  return orCommandError(notMoved(state), async () => {
    await refuseForeign(folder, state);
    return whileLocked(state, async () => {
      await markUnfinished(folder, state);
      const moved = await moveIntoState({ state, folder, migrations: MIGRATIONS });
      await markFinished(state);
      return moved;
    });
  });
}

const notMoved = (state: string) => ({
  notDone: `${state} could not be moved to its end`,
  again: "Run the command again: it goes on from there.",
});
