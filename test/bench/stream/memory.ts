/** How much memory the runtime of a server takes, at its peak. */
import { type ProcessEntry, processTable, readProcess } from "../harness/process-table.ts";

const SAMPLE_MS = 100;
const RUNTIME = "workerd";

export interface MemoryWatch {
  /** Peak growth in bytes since the watch began. */
  growth(): number;
  end(): void;
}

/**
 * Watches the anonymous memory of every workerd below `pid`.
 *
 * Anonymous only: the program's own pages come in from disk at the first request and would look like growth, and stored
 * bytes that the kernel caches are not the runtime's.
 */
export function watchMemory(pid: number): MemoryWatch {
  const before = runtimeBytes(pid);
  let peak = before;
  const sample = (): void => {
    peak = Math.max(peak, runtimeBytes(pid));
  };
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    growth: () => {
      sample();
      return peak - before;
    },
    end: () => clearInterval(timer),
  };
}

function runtimeBytes(root: number): number {
  const table = new Map(processTable().map((entry) => [entry.pid, entry]));
  const isBelow = (entry: ProcessEntry | undefined): boolean =>
    entry !== undefined && (entry.pid === root || isBelow(table.get(entry.parent)));
  return [...table.values()]
    .filter((entry) => entry.name === RUNTIME && isBelow(entry))
    .reduce((sum, entry) => sum + anonymousBytes(entry.pid), 0);
}

function anonymousBytes(pid: number): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readProcess(pid, "status"))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
