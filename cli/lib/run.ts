import { CommanderError, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { isFileError, pathErrorText } from "../../server/file-errors.ts";
import { escapedLines } from "../../worker/pypi/shown.ts";
import { endWithReader } from "./closed-output.ts";
import { CommandError, EXIT_CODES } from "./command-error.ts";
import { refuseEmptyValues } from "./empty-values.ts";
import { demandOwnArguments } from "./own-arguments.ts";

/** Runs this process's command line to its end; the exit code says how it ended (EXIT_CODES). */
export async function runCommandLine(program: CommandUnknownOpts): Promise<void> {
  endByThrowing(program);
  endWithReader();
  program.hook("preSubcommand", (_, asked) => demandOwnArguments(asked));
  program.hook("preAction", (_, asked) => refuseEmptyValues(asked));
  program.addHelpText("beforeAll", ({ command }) => refuseUnknownCommand(command));
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has printed the message. Its exit code is 0 after help and version.
      process.exitCode = error.exitCode === 0 ? EXIT_CODES.done.code : EXIT_CODES.usage.code;
    } else if (error instanceof CommandError) {
      console.error(escapedLines(error.message));
      process.exitCode = EXIT_CODES[error.ending].code;
    } else if (isFileError(error)) {
      // What a command has not said better itself: a full disk in the middle of its work, a folder that has gone.
      console.error(escapedLines(`${pathErrorText(error)}.`));
      process.exitCode = EXIT_CODES.failed.code;
    } else throw error;
  }
}

/** Throws where help is asked for a command that there is not: commander would show the help of what is above it. */
function refuseUnknownCommand(asked: CommandUnknownOpts): string {
  const word = asked.args.find((each) => each !== "help" && !each.startsWith("-"));
  const isKnown = asked.commands.length === 0 || asked.commands.some((each) => each.name() === word);
  if (word !== undefined && !isKnown) asked.error(`error: unknown command '${word}'`);
  return "";
}

/** Has commander throw. It would otherwise end the process with exit codes of its own. */
function endByThrowing(command: CommandUnknownOpts): void {
  command.exitOverride();
  for (const each of command.commands) endByThrowing(each);
}
