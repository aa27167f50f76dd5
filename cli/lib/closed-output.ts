import { EXIT_CODES } from "./command-error.ts";

const OUTPUTS = [process.stdout, process.stderr];

/** Ends this process, without a message, where the program that reads its output has ended: `pypi-edge audit | head`. */
export function endWithReader(): void {
  for (const output of OUTPUTS) output.on("error", end);
}

/** Has this process go on without those who read its output: a server must not end, in the middle of uploads, with what shows its log. */
export function outliveReader(): void {
  for (const output of OUTPUTS) output.off("error", end).on("error", goOn);
}

function end(error: NodeJS.ErrnoException): void {
  goOn(error);
  process.exit(EXIT_CODES.unread.code);
}

function goOn(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
