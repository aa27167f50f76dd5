import { escapedLines } from "../worker/pypi/shown.ts";

/** A failure that the person at the terminal can do something about: its message is all they see. */
export class Sentence extends Error {
  override readonly name = "Sentence";
}

/** Runs a command to its end. A `Sentence` it throws is all that is printed then, and the exit code is 1. */
export async function runCommand(command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (!(error instanceof Sentence)) throw error;
    console.error(escapedLines(error.message));
    process.exitCode = 1;
  }
}

/** What an error says, whatever was thrown. */
export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
