/** How much memory a server takes, with all its processes, at its peak. */
import { memoryBelow } from "../harness/process-table.ts";

const SAMPLE_MS = 100;

export interface MemoryWatch {
  /** Peak growth in bytes since the watch began. */
  growth(): number;
  end(): void;
}

/**
 * Watches the anonymous memory of the process `pid` and its descendants.
 *
 * Anonymous only: the program's own pages come in from disk at the first request and would look like growth, and stored
 * bytes that the kernel caches are not the server's.
 */
export function watchMemory(pid: number): MemoryWatch {
  const before = memoryBelow(pid, "RssAnon");
  let peak = before;
  const sample = (): void => {
    peak = Math.max(peak, memoryBelow(pid, "RssAnon"));
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
