import { createInterface } from "node:readline";
import { Sentence } from "../sentence.ts";

/**
 * Asks on the terminal whether something is to be deleted.
 *
 * @throws Sentence where nobody says yes, or nobody is there to be asked
 */
export async function confirmDeletion(
  what: string,
  input: NodeJS.ReadableStream & { readonly isTTY?: boolean } = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<void> {
  if (!input.isTTY) throw new Sentence(`Nobody is there to be asked: --yes deletes ${what} without asking.`);
  const terminal = createInterface({ input, output });
  const answer = await new Promise<string>((resolve) => {
    terminal.question(`Delete ${what} for good? [y/N] `, resolve);
    // Its end is an answer, too.
    terminal.once("close", () => resolve(""));
  });
  terminal.close();
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new Sentence("Nothing was deleted.");
}
