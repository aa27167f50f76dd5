import { existsSync } from "node:fs";
import { SECOND } from "../../worker/duration.ts";
import { CommandError } from "../lib/command-error.ts";
import { notedAddress } from "../lib/state.ts";
import { adminToken, tokenFile } from "../serve/admin-token.ts";

const PATIENCE = 5 * SECOND;

/**
 * Throws a `CommandError` where the server of a simulators' state directory still answers. After `kill -9` its workerd
 * process goes on and takes uploads, but no process has the lock. Whether it is that server shows in its admin token.
 */
export async function refuseRunning(state: string): Promise<void> {
  const address = notedAddress(state);
  if (address === undefined || !existsSync(tokenFile(state))) return;
  const answer = await fetch(`${address}/-/api/tokens`, {
    headers: { Authorization: `Bearer ${adminToken(state)}` },
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
  }).catch(() => undefined);
  await answer?.body?.cancel();
  if (answer?.ok)
    throw new CommandError(
      `The server of ${state} still answers at ${address}. Stop it: after kill -9 of the server, its workerd process goes on and must be ended, too.`,
    );
}
