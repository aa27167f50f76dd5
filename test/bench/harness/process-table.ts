/** The processes of this machine, as /proc shows them. */
import { existsSync, readFileSync, readdirSync } from "node:fs";

export interface ProcessEntry {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  readonly group: number;
}

/** Without those that have ended and only wait for their parent to notice. */
export function processTable(): ProcessEntry[] {
  // Elsewhere than on Linux nothing is known.
  if (!existsSync("/proc")) return [];
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    // `pid (name) state parent group …`, where the name may hold spaces and parentheses.
    const match = /^\d+ \((.*)\) (\S) (\d+) (\d+)/s.exec(readProcess(Number(entry), "stat"));
    if (!match || match[2] === "Z") return [];
    const [, name = "", , parent, group] = match;
    return [{ pid: Number(entry), name, parent: Number(parent), group: Number(group) }];
  });
}

/** The process `root` and its descendants, those that live. */
export function processTree(root: number): number[] {
  const table = new Map(processTable().map((entry) => [entry.pid, entry]));
  const isBelow = (entry: ProcessEntry | undefined): boolean =>
    entry !== undefined && (entry.pid === root || isBelow(table.get(entry.parent)));
  return [...table.values()].filter(isBelow).map(({ pid }) => pid);
}

/** Bytes of memory that the process `root` and its descendants have, as a line of /proc/PID/status counts them. */
export function memoryBelow(root: number, kind: "RssAnon" | "VmRSS"): number {
  const kilobytes = processTree(root).map(
    (pid) => new RegExp(`^${kind}:\\s+(\\d+) kB$`, "m").exec(readProcess(pid, "status"))?.[1] ?? 0,
  );
  return kilobytes.reduce<number>((sum, value) => sum + Number(value), 0) * 1024;
}

/** A file of /proc/PID; empty when the process is gone. */
export function readProcess(pid: number, file: "stat" | "status" | `task/${string}/schedstat`): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
