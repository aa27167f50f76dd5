import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { parseConfig, withUpstream, type Config } from "../../schema/config.ts";
import { deployment, type Deployment } from "../../schema/deployment.ts";
import { CommandError } from "../lib/command-error.ts";
import { credentialNames, tomlOf, varsOf } from "../lib/configuration-file.ts";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";
import { publicAddress } from "./address.ts";
import type { StartOptions } from "./options.ts";
import { messageOf } from "../../worker/errors.ts";

const SHIPPED = join(PROJECT_FOLDER, "wrangler.toml");

/** Where a clone has secrets for `npm run dev`; `npm start` takes those as well. */
const SECRETS = join(PROJECT_FOLDER, ".dev.vars");

/** The configuration in wrangler.toml, overridden by the command line. */
export interface Configuration {
  readonly config: Config;
  /** The variables from which `config` was read. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Its crons and queues. */
  readonly deployment: Deployment;
}

/** Reads the configuration; throws a `CommandError` that names the wrong key. `token` opens the admin API. */
export function readConfiguration(options: StartOptions, token: string): Configuration {
  const shipped = tomlOf(SHIPPED, "wrangler.toml");
  const own = options.config === undefined ? {} : varsIn(options.config, `--config ${options.config}`);
  const shippedVars = varsOf(shipped, "wrangler.toml");
  const both = { ...shippedVars, ...developmentSecrets(), ...own };
  try {
    const chosen = options.upstream ? withUpstream(both, options.upstream) : both;
    const written = { ...secretsOf(chosen), ...chosen };
    // Checked before the command line overrides them: an overridden value that is wrong is an error, too.
    parseConfig(written);
    refuseLongVariables(chosen);
    const variables = {
      ...written,
      PUBLIC_URL: publicAddress(options),
      LOG: options.quiet ? "problems" : "requests",
      LOG_FORMAT: options.log,
      // A server on one machine need not follow the upstream's change log: its crons and PAGE_TTL keep its pages fresh
      // enough. So FEED of the shipped wrangler.toml, which is meant for a deployment, is not used here.
      FEED: options.feed || own["FEED"] === true,
      // Nor need it ask OSV.
      OSV: own["OSV"] ?? (options.osv ? shippedVars["OSV"] : "") ?? "",
      ADMIN_TOKEN: token,
    };
    return { config: parseConfig(variables), variables, deployment: deployment.parse(shipped) };
  } catch (error) {
    throw new CommandError(messageOf(error));
  }
}

/** What a variable of Cloudflare holds. Bytes. */
const MAX_VARIABLE = 5 * 1024;

/** Throws an `Error` where a variable is longer than a deployment could have it: what runs here is to run there. */
function refuseLongVariables(variables: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(variables)) {
    const bytes = Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value));
    if (bytes <= MAX_VARIABLE) continue;
    const advice =
      key === "INDEXES" ? " Long lists of policies are for the database: pypi-edge policy allow and deny." : "";
    throw new Error(
      `The configuration is wrong: ${key}: has ${bytes} bytes as JSON, and a variable of Cloudflare has ${MAX_VARIABLE} at most.${advice}`,
    );
  }
}

/** The `[vars]` of a file like wrangler.toml; throws a `CommandError`, whose message begins with `title`, where one of them is unknown. */
const varsIn = (file: string, title: string) => varsOf(tomlOf(file, title), title);

/** The secrets of a clone's `.dev.vars`. */
const developmentSecrets = (): Readonly<Record<string, string | undefined>> =>
  existsSync(SECRETS) ? parseEnv(readFileSync(SECRETS, "utf8")) : {};

/** The secrets that upstreams name, from this process's environment. */
const secretsOf = (variables: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    credentialNames(variables).flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
