import { createInterface } from "node:readline";
import { CommandError } from "./command-error.ts";

/**
 * Asks on the terminal whether something is to be deleted.
 *
 * @throws CommandError where the answer is not yes, or there is no terminal to ask on
 */
export async function confirmDeletion(
  what: string,
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean } = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<void> {
  if (!input.isTTY) throw new CommandError(`There is no terminal to ask on: --yes deletes ${what} without asking.`);
  const terminal = createInterface({ input, output });
  const answer = await new Promise<string>((resolve) => {
    terminal.question(`Delete ${what} for good? [y/N] `, resolve);
    // Its end is an answer, too.
    terminal.once("close", () => resolve(""));
  });
  terminal.close();
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new CommandError("Nothing was deleted.");
}
