import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { signalGroup } from "./signal.ts";

/** A message of the watched process: a process group or a directory exists, or is gone. */
export type LeftoverNotice =
  | { readonly kind: "group"; readonly subject: number; readonly gone: boolean }
  | { readonly kind: "directory"; readonly subject: string; readonly gone: boolean };

// A killed process may still finish a system call, such as making a file below a directory that is removed here.
const KILL_PAUSE = 100;

const groups = new Set<number>();
const directories = new Set<string>();

// The input ends when the process that feeds it has ended, in whatever way.
for await (const line of createInterface({ input: process.stdin })) note(JSON.parse(line) as LeftoverNotice);

for (const pid of groups) signalGroup(pid, "SIGKILL");
if (groups.size > 0) await new Promise((resolve) => setTimeout(resolve, KILL_PAUSE));
for (const directory of directories) rmSync(directory, { recursive: true, force: true, maxRetries: 3 });

function note({ kind, subject, gone }: LeftoverNotice): void {
  if (kind === "group") change(groups, subject, gone);
  else change(directories, subject, gone);
}

function change<T>(set: Set<T>, subject: T, gone: boolean): void {
  if (gone) set.delete(subject);
  else set.add(subject);
}
