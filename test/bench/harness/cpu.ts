/** CPU time that a server, with all its processes, takes for what it is asked. */
import { readdirSync } from "node:fs";
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
   * takes while nobody asks.
   */
  during(act: () => Promise<unknown>): Promise<number>;
}

/** Watches the process `pid` and its descendants, which must have nothing to do while this is called. */
export async function cpuMeter(pid: number): Promise<CpuMeter> {
  const processes = processTree(pid);
  const spent = (): number => processes.reduce((sum, each) => sum + cpuOf(each), 0);

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
 * Milliseconds that a process has run, user and system together. The scheduler counts each thread in nanoseconds; `utime`
 * and `stime` of /proc/PID/stat have hundredths of a second, rounded down, and threads that have ended as well.
 */
function cpuOf(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readProcess(pid, `task/${thread}/schedstat`).split(" ")[0]))
    .reduce((sum, value) => sum + value, 0);
  // The fields are counted behind the name, which may hold spaces.
  const [utime, stime] = readProcess(pid, "stat").split(") ").at(-1)?.split(" ").slice(11, 13) ?? [];
  return Math.max(nanoseconds / 1e6, (Number(utime) + Number(stime)) * 10);
}
