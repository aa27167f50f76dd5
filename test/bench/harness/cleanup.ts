/**
 * What must not outlive the benchmark: processes and temporary directories, whatever ends it.
 *
 * Everything here is synchronous, because an `exit` handler may not wait.
 */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const undo = new Set<() => void>();

process.on("exit", () => {
  for (const step of [...undo].toReversed()) step();
});
for (const [signal, number] of [
  ["SIGINT", 2],
  ["SIGTERM", 15],
  ["SIGHUP", 1],
] as const) {
  process.on(signal, () => process.exit(128 + number));
}

/** Runs `step` when this process ends, unless the returned function is called first. */
export function onExit(step: () => void): () => void {
  undo.add(step);
  return () => undo.delete(step);
}

/** Memory, not a disk: write-back would otherwise decide the figures. */
function memoryDisk(): string {
  try {
    statfsSync("/dev/shm");
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

/** A new empty directory that is gone when this process is. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(memoryDisk(), "pypi-edge-bench-"));
  onExit(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }));
  return directory;
}

/** Bytes that can still be written where `directory` is. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}
