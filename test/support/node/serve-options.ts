import { serveCommand, type StartOptions } from "../../../cli/serve/options.ts";

/** The options that `pypi-edge serve` is started with by these arguments. */
export function optionsOf(...args: string[]): StartOptions {
  let options: StartOptions | undefined;
  serveCommand(async (read) => void (options = read)).parse(args, { from: "user" });
  if (!options) throw new Error("The arguments were refused.");
  return options;
}
