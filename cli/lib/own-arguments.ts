import { usageError } from "./command-error.ts";

/**
 * Throws a usage error where npm took an option that is ours from its own command line, sets a variable for it, and does not pass it
 * to the script: `npm start --port 9102` would start on another port, and `npm run deploy --dry-run` would deploy.
 *
 * @param script the script of package.json that is the command
 * @param flags the options that npm would take
 */
export function demandOwnArguments(
  script: "start" | "deploy",
  flags: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): void {
  if (env["npm_lifecycle_event"] !== script) return;
  const taken = flags.find(
    (flag) => env[`npm_config_${flag.replace(/^--(?:no-)?/, "").replaceAll("-", "_")}`] !== undefined,
  );
  if (taken === undefined) return;
  const line = script === "start" ? "npm start" : `npm run ${script}`;
  throw usageError(`npm does not pass ${taken} on unless "--" stands before it: ${line} -- ${taken} …`);
}
