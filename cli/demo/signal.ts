/** Signals one process; null or a process that has already gone is no error. */
export function signal(pid: number | null, name: NodeJS.Signals): void {
  if (pid !== null) send(pid, name);
}

/** Signals every member of the process group led by `pid`; null or a group that has already gone is no error. */
export function signalGroup(pid: number | null, name: NodeJS.Signals): void {
  if (pid !== null) send(-pid, name);
}

function send(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
