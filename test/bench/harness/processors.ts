/** Processors for the client on the one side, and for all else on the other: as if they were different machines. */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { findProgram, giveUp } from "./tools.ts";

/** Leaves the last processor to the client: this process and all that it starts run on the others. Returns its number. */
export function leaveLastProcessor(): number {
  const count = availableParallelism();
  const taskset = findProgram("taskset");
  if (count < 2 || taskset === undefined) giveUp("--apart needs two processors, and taskset (util-linux)");
  execFileSync(taskset, ["--all-tasks", "--cpu-list", "--pid", `0-${count - 2}`, `${process.pid}`], {
    stdio: "ignore",
  });
  return count - 1;
}

/** The words of a command that runs on one processor; as they are where that is undefined. */
export const onProcessor = (processor: number | undefined, command: readonly string[]): string[] => [
  ...(processor === undefined ? [] : ["taskset", "--cpu-list", `${processor}`]),
  ...command,
];
