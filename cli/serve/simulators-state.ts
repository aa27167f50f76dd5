import { isSimulatedState } from "../../server/carry-over/simulated-state.ts";
import { isUnfinished } from "../../server/carry-over/unfinished.ts";
import { CommandError } from "../lib/command-error.ts";

/**
 * Throws a `CommandError` where a state directory is one of an earlier version, which stored its data in simulators, or
 * has only a part of what such a one has. It is left as it is.
 */
export function refuseSimulatorsState(state: string): void {
  if (isUnfinished(state))
    throw new CommandError(
      `The state directory ${state} has only a part of what is to be in it. Run the command again that was broken off: npx pypi-edge carry-over OLD --state "${state}", or npx pypi-edge move-in FOLDER --state "${state}", or npx pypi-edge restore BACKUP --state "${state}".`,
    );
  if (isSimulatedState(state))
    throw new CommandError(
      `The state directory ${state} is of an earlier version of pypi-edge, which stored its data in another form. It is unchanged. Carry its uploaded files, tokens and audit log over into a new directory: npx pypi-edge carry-over "${state}" --state NEW. Then start with --state NEW.`,
    );
}
