import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { usageError } from "./command-error.ts";

/**
 * Throws a usage error where an option or an argument is given as an empty text, as a script gives it whose variable is not set:
 * an empty path would be this folder, and an empty host every address of the machine.
 *
 * @param asked a command that has read its command line
 */
export function refuseEmptyValues(asked: CommandUnknownOpts): void {
  for (const option of asked.options) {
    const name = option.attributeName();
    if (asked.getOptionValueSource(name) === "cli" && isEmpty(asked.getOptionValue(name)))
      throw usageError(`${option.long}: its value is empty. Give it a value, or leave the option out.`);
  }
  for (const [at, argument] of asked.registeredArguments.entries()) {
    if (isEmpty(asked.processedArgs[at]))
      throw usageError(`The argument ${argument.name()} is empty. Give it a value.`);
  }
}

const isEmpty = (value: unknown): boolean => (Array.isArray(value) ? value.includes("") : value === "");
