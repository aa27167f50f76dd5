import { CommanderError, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { escapedLines } from "../../worker/pypi/shown.ts";
import { CommandError, EXIT_CODES } from "./command-error.ts";

/** Runs this process's command line to its end; the exit code says how it ended (EXIT_CODES). */
export async function runCommandLine(program: CommandUnknownOpts): Promise<void> {
  endByThrowing(program);
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Its sentence has been printed. Help and version were asked for.
      process.exitCode = error.exitCode === 0 ? EXIT_CODES.done.code : EXIT_CODES.usage.code;
    } else if (error instanceof CommandError) {
      console.error(escapedLines(error.message));
      process.exitCode = EXIT_CODES[error.ending].code;
    } else throw error;
  }
}

/** Without this each command would end the process by itself, with an exit code of its own. */
function endByThrowing(command: CommandUnknownOpts): void {
  command.exitOverride();
  for (const each of command.commands) endByThrowing(each);
}
