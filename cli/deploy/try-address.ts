import { setTimeout as sleep } from "node:timers/promises";
import { MINUTE, SECOND } from "../../worker/duration.ts";
import { checkAll, demandServer } from "../check/check-all.ts";
import { CheckClient } from "../check/client.ts";
import { rowText } from "../check/report.ts";
import { CommandError } from "../lib/command-error.ts";

/** A new domain has its certificate after a minute or two; a new worker answers after some seconds. */
const PATIENCE = 4 * MINUTE;

interface ToTry {
  /** Whether the default index needs a token: then only the server itself is tried. */
  readonly isPrivate: boolean;
  readonly project: string;
  readonly remark: (line: string) => void;
  /** How long it is waited for. Milliseconds. */
  readonly patience?: number;
}

/**
 * Waits until a deployment answers, and checks it.
 *
 * @throws CommandError where it does not answer, or a row of the check has failed
 */
export async function tryAddress(root: URL, { isPrivate, project, remark, patience = PATIENCE }: ToTry): Promise<void> {
  await untilItAnswers(root, remark, patience);
  if (isPrivate) {
    remark(`The default index needs a token: pypi-edge check ${root.href} --token - tries it.`);
    return;
  }
  const client = new CheckClient(root, undefined);
  try {
    const sum = await checkAll({
      client,
      index: "default",
      project,
      upload: false,
      onRow: (row) => (row.outcome === "failed" ? remark(rowText(row)) : undefined),
    });
    remark(`Checked ${root.href}: ${sum}`);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(
      `The worker is deployed, but the check of ${root.href} failed: ${error.message} pypi-edge check ${root.href} shows every row.`,
    );
  }
}

async function untilItAnswers(root: URL, remark: ToTry["remark"], patience: number): Promise<void> {
  const end = performance.now() + patience;
  for (let tries = 0; ; tries++) {
    const client = new CheckClient(root, undefined);
    try {
      return await demandServer(client);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (performance.now() >= end)
        throw new CommandError(
          `The worker is deployed, but it does not answer yet: ${error.message} The certificate of a new domain may take some minutes; try pypi-edge check ${root.href} then.`,
        );
      if (tries === 0) remark(`Waiting until ${root.href} answers …`);
    } finally {
      client.close();
    }
    await sleep(5 * SECOND);
  }
}
