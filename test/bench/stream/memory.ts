/** How much memory the runtime of a server takes, at its peak. */
import { readProcess, runtimesBelow } from "../harness/process-table.ts";

const SAMPLE_MS = 100;

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
  return runtimesBelow(root).reduce((sum, pid) => sum + anonymousBytes(pid), 0);
}

function anonymousBytes(pid: number): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB$/m.exec(readProcess(pid, "status"))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}
