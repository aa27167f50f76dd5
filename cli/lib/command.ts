import { Command } from "@commander-js/extra-typings";
import { usageError } from "./command-error.ts";

/**
 * A command with its one-line description.
 *
 * @param path its words after `pypi-edge`, such as `token create`; empty: the program itself
 * @param examples command lines and the purpose of each, shown below its help
 */
export function command(
  path: string,
  summary: string,
  examples: readonly (readonly [line: string, what: string])[] = [],
) {
  const words = `pypi-edge ${path}`.trim();
  const made = new Command(words.split(" ").at(-1))
    .description(summary)
    .showHelpAfterError(`(${words} --help shows how it is used)`);
  if (examples.length > 0) {
    const width = Math.max(...examples.map(([line]) => line.length));
    const lines = examples.map(([line, what]) => `  $ ${line.padEnd(width)}   ${what}`);
    made.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  }
  return made;
}

/** Adds the options for the server's address and token, and `--json`. Call it first: later options keep their types only then. */
export const forServer = (made: Command) =>
  made
    .option("--url <url>", "the root address of the pypi-edge (PYPI_EDGE_URL)")
    .option(
      "--token <token>",
      "its token (PYPI_EDGE_TOKEN); - reads it from standard input, where no process list shows it",
    )
    .option("--state <dir>", "the state directory of the pypi-edge on this machine (PYPI_EDGE_STATE)")
    .option("--json", "print the server's answer as JSON");

/** For `option`: collects the values of an option that may be given several times. */
export const repeated = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value];

/** For `option`: when something ends, for the server to read. A usage error for a bare number: the API takes it as seconds, and people mean days. */
export function withUnit(text: string): string {
  if (!/^\d+$/.test(text.trim())) return text;
  throw usageError(
    `--expires ${text}: its unit is missing, as in ${text.trim()}d for days; h, w and y are the others.`,
  );
}
