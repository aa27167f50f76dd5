import { existsSync } from "node:fs";
import { carryOver, type CarriedOver } from "../../server/carry-over/carry-over.ts";
import { findSimulatedState } from "../../server/carry-over/simulated-state.ts";
import { markFinished, markUnfinished, refuseForeign } from "../../server/carry-over/unfinished.ts";
import { CommandError } from "../lib/command-error.ts";
import { showProgress } from "../lib/progress.ts";
import { MIGRATIONS } from "../lib/project-folder.ts";
import { adminToken, keepAdminToken, tokenFile } from "../serve/admin-token.ts";
import { orCommandError } from "../serve/or-command-error.ts";
import { whileLocked } from "../serve/state.ts";
import { refuseRunning } from "./refuse-running.ts";

/**
 * Carries an earlier version's state directory over into a new one.
 *
 * @param withoutDamaged whether the new one may be used although bytes of files are lost
 * @throws CommandError where that cannot be done, or not to the end: a second call then goes on
 */
export async function carryAll(from: string, to: string, withoutDamaged: boolean): Promise<CarriedOver> {
  return orCommandError(notCarried(from), async () => {
    // Before locks, which make directories and files: both may be directories of something else.
    await findSimulatedState(from);
    await refuseForeign(from, to);
    return whileLocked(from, () => whileLocked(to, () => carry(from, to, withoutDamaged)));
  });
}

async function carry(from: string, to: string, withoutDamaged: boolean): Promise<CarriedOver> {
  await refuseRunning(from);
  await markUnfinished(from, to);
  const bar = showProgress(process.stderr);
  const show = (done: number, of: number) => bar.show({ done, of, unit: "bytes", text: "copied" });
  const carried = await carryOver(from, to, { migrations: MIGRATIONS, show }).finally(() => bar.end());
  const { damaged } = carried;
  if (damaged.length > 0 && !withoutDamaged)
    throw new CommandError(
      `Bytes of files are lost in ${from}:\n${damaged.map((line) => `  ${line}\n`).join("")}All else is in ${to}, which cannot be used yet. Restore these files from a copy of ${from}, and run the command again; or give it --without-damaged.`,
    );
  if (existsSync(tokenFile(from))) keepAdminToken(to, adminToken(from));
  await markFinished(to);
  return carried;
}

const notCarried = (from: string) => ({
  notDone: `${from} could not be carried over to its end`,
  again: "Run the command again: it goes on from there.",
});
