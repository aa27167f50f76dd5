import { createInterface } from "node:readline";
import { CommandError } from "./command-error.ts";

/**
 * Asks on the terminal whether to delete `what`.
 *
 * @throws CommandError where the answer is not yes, or there is no terminal to ask on
 */
export async function confirmDeletion(
  what: string,
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean } = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<void> {
  if (!input.isTTY)
    throw new CommandError(`There is no terminal to ask on. Give --yes to delete ${what} without a question.`);
  const terminal = createInterface({ input, output });
  const answer = await new Promise<string>((resolve) => {
    terminal.question(`Delete ${what} for good? [y/N] `, resolve);
    // The end of the input means no.
    terminal.once("close", () => resolve(""));
  });
  terminal.close();
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new CommandError("Nothing was deleted.");
}
