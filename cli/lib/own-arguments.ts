import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { usageError } from "./command-error.ts";

/** The commands that a script of package.json starts, and the line that does it. */
const SCRIPTS: Readonly<Record<string, { readonly command: string; readonly line: string }>> = {
  start: { command: "serve", line: "npm start" },
  deploy: { command: "deploy", line: "npm run deploy" },
};

/**
 * Throws a usage error where npm took an option that is the command's from its own command line, sets a variable for it, and does not
 * pass it to the script: `npm run deploy --dry-run` would deploy, and `npm start --port 9102` passes 9102 alone. So it is called before
 * the rest of the command line is looked at.
 *
 * @param asked the command that is about to read its options
 */
export function demandOwnArguments(asked: CommandUnknownOpts, env: NodeJS.ProcessEnv = process.env): void {
  const script = SCRIPTS[env["npm_lifecycle_event"] ?? ""];
  if (script?.command !== asked.name()) return;
  const taken = asked.options
    .map(({ long }) => long ?? "")
    .find((flag) => env[`npm_config_${flag.replace(/^--(?:no-)?/, "").replaceAll("-", "_")}`] !== undefined);
  if (taken === undefined) return;
  throw usageError(`npm does not pass ${taken} on unless "--" stands before it: ${script.line} -- ${taken} …`);
}
