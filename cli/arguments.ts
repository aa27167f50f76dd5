import { parseArgs, type ParseArgsConfig } from "node:util";
import { messageOf, Sentence } from "./sentence.ts";

/** As node's `parseArgs`; throws a `Sentence` that says what is wrong, with `usage` below it. */
export function parseArguments<Config extends ParseArgsConfig>(
  config: Config,
  usage: string,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new Sentence(`${messageOf(error)}\n\n${usage}`);
  }
}
