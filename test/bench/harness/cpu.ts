/** CPU time that a server, with all its processes, takes for what it is asked. */
import { existsSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processTree, readProcess } from "./process-table.ts";
import { median } from "./statistics.ts";

const LOOK_MS = 50;
/** So little in a look that nothing is being done. Milliseconds of CPU. */
const NOTHING = 0.5;
/** One could be a look at a process that waits for its turn. */
const QUIET_LOOKS = 2;
const LONGEST_WORK_MS = 30_000;
const IDLE_LOOKS = 5;
const IDLE_MS = 400;

export interface CpuMeter {
  /**
   * Milliseconds of CPU for all that `act` causes, what the server does after its answers included, and without what it
   * takes without requests.
   */
  during(act: () => Promise<unknown>): Promise<number>;
}

/** Watches the process `pid` and its descendants, which must have nothing to do while this is called. */
export async function cpuMeter(pid: number): Promise<CpuMeter> {
  const spent = cpuClock(pid);

  async function untilQuiet(): Promise<void> {
    const deadline = performance.now() + LONGEST_WORK_MS;
    let quiet = 0;
    while (performance.now() < deadline) {
      const before = spent();
      await sleep(LOOK_MS);
      quiet = spent() - before < NOTHING ? quiet + 1 : 0;
      if (quiet === QUIET_LOOKS) return;
    }
    throw new Error(`the server was not done after ${LONGEST_WORK_MS / 1000} s`);
  }

  await untilQuiet();
  const rates: number[] = [];
  for (let look = 0; look < IDLE_LOOKS; look++) {
    const [before, begun] = [spent(), performance.now()];
    await sleep(IDLE_MS);
    rates.push((spent() - before) / (performance.now() - begun));
  }
  const idle = median(rates);

  return {
    async during(act) {
      await untilQuiet();
      const [before, begun] = [spent(), performance.now()];
      await act();
      await untilQuiet();
      return spent() - before - idle * (performance.now() - begun);
    },
  };
}

/**
 * Returns a function that gives the milliseconds that the process `pid` and its descendants of now have run, user and system together.
 * The scheduler counts each thread in nanoseconds; `utime` and `stime` of /proc/PID/stat, which have threads that have ended as well, are
 * guessed at from what runs a hundred times a second. What a thread does between the last call and its end is not counted.
 */
export function cpuClock(pid: number): () => number {
  const processes = processTree(pid);
  const seen = new Map<string, number>();
  return () => {
    for (const each of processes) {
      if (!existsSync(`/proc/${each}`)) continue;
      for (const thread of readdirSync(`/proc/${each}/task`)) {
        const nanoseconds = Number(readProcess(each, `task/${thread}/schedstat`).split(" ")[0]);
        // It is empty where the thread has just ended.
        if (nanoseconds > 0) seen.set(`${each} ${thread}`, nanoseconds);
      }
    }
    return [...seen.values()].reduce((sum, value) => sum + value, 0) / 1e6;
  };
}
