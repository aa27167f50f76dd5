import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileBeside } from "../../server/file-beside.ts";
import { writeErrorText } from "../../server/file-errors.ts";
import { CommandError } from "../lib/command-error.ts";
import type { LeftoverNotice } from "./watchdog.ts";

/** Makes sure that the process group led by `pid` does not outlive this process. */
export function endGroupWithUs(pid: number): void {
  tell({ kind: "group", subject: pid, gone: false });
}

/** Forgets a process group whose members have all ended. */
export function forgetGroup(pid: number): void {
  tell({ kind: "group", subject: pid, gone: true });
}

/** A new empty directory that is removed when this process ends, however it ends. Throws a `CommandError` where none can be made. */
export function temporaryDirectory(parent: string = tmpdir()): string {
  const directory = newFolder(parent);
  tell({ kind: "directory", subject: directory, gone: false });
  return directory;
}

function newFolder(parent: string): string {
  try {
    return mkdtempSync(join(parent, "pypi-edge-"));
  } catch (error) {
    throw new CommandError(
      `No temporary folder can be made in ${parent}: ${writeErrorText(error)}. Name another place for it in TMPDIR.`,
    );
  }
}

/** Removes a directory made by `temporaryDirectory`. */
export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  tell({ kind: "directory", subject: directory, gone: true });
}

let pipe: NodeJS.WritableStream | null = null;

// Handlers for exits and signals would miss SIGKILL, which is how a test runner ends its workers: another process cleans up.
function tell(notice: LeftoverNotice): void {
  pipe ??= startWatchdog();
  pipe.write(`${JSON.stringify(notice)}\n`);
}

function startWatchdog(): NodeJS.WritableStream {
  const script = fileBeside(import.meta.url, "watchdog");
  const child = spawn(process.execPath, [script], {
    stdio: ["pipe", "ignore", "inherit"],
    // Ctrl-C reaches every process of the terminal's group: this one has to live on.
    detached: true,
  });
  child.unref();
  // A child's stdin is a socket, whatever its type says; it must not keep this process alive.
  (child.stdin as unknown as { unref(): void }).unref();
  return child.stdin;
}
