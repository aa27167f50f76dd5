import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { parse, type TomlTable, type TomlValue } from "smol-toml";
import { parseConfig, VARIABLES, withUpstream, type Config } from "../../schema/config.ts";
import { deployment, type Deployment } from "../../schema/deployment.ts";
import { CommandError } from "../lib/command-error.ts";
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
  const both = { ...varsOf(shipped, "wrangler.toml"), ...developmentSecrets(), ...own };
  try {
    const chosen = options.upstream ? withUpstream(both, options.upstream) : both;
    const written = { ...secretsOf(chosen), ...chosen };
    // Checked before the command line overrides them: an overridden value that is wrong is an error, too.
    parseConfig(written);
    const variables = {
      ...written,
      PUBLIC_URL: publicAddress(options),
      LOG: options.quiet ? "problems" : "requests",
      LOG_FORMAT: options.log,
      // A server on one machine need not follow the upstream's change log: its crons and PAGE_TTL keep its pages fresh
      // enough. So FEED of the shipped wrangler.toml, which is meant for a deployment, is not used here.
      FEED: options.feed || own["FEED"] === true,
      ADMIN_TOKEN: token,
    };
    return { config: parseConfig(variables), variables, deployment: deployment.parse(shipped) };
  } catch (error) {
    throw new CommandError(messageOf(error));
  }
}

/** The `[vars]` of a file like wrangler.toml; throws a `CommandError`, whose message begins with `title`, where one of them is unknown. */
const varsIn = (file: string, title: string) => varsOf(tomlOf(file, title), title);

function varsOf({ vars, ...others }: TomlTable, title: string): Readonly<Record<string, TomlValue>> {
  const known = VARIABLES.join(", ");
  if (typeof vars !== "object") throw new CommandError(`${title}: has no [vars]; known in it are ${known}.`);
  const problems = [
    ...("ADMIN_TOKEN" in others ? [`ADMIN_TOKEN: ${SECRET}`] : []),
    ...VARIABLES.filter((key) => key in others).map((key) => `${key}: belongs below vars, as vars.${key}`),
    ...Object.keys(vars)
      .filter((key) => !VARIABLES.includes(key))
      .map((key) => `vars.${key}: ${key === "ADMIN_TOKEN" ? SECRET : `is not known; known are ${known}`}`),
  ];
  if (problems.length > 0) throw new CommandError(`${title}: ${problems.join("; ")}.`);
  return vars as TomlTable;
}

const SECRET =
  "is a secret, which must not be in this file; give it with --admin-token T, or to a deployment with npx wrangler secret put ADMIN_TOKEN";

function tomlOf(file: string, title: string): TomlTable {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CommandError(`${title}: ${messageOf(error).trimEnd()}`);
  }
}

/** The secrets of a clone's `.dev.vars`. */
const developmentSecrets = (): Readonly<Record<string, string | undefined>> =>
  existsSync(SECRETS) ? parseEnv(readFileSync(SECRETS, "utf8")) : {};

/** The secrets that upstreams name, from this process's environment. */
function secretsOf(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  const upstreams = Object.values((variables["UPSTREAMS"] ?? {}) as Record<string, { credentials?: unknown }>);
  return Object.fromEntries(
    upstreams.flatMap(({ credentials }) => {
      const value = typeof credentials === "string" ? process.env[credentials] : undefined;
      return value === undefined ? [] : [[String(credentials), value]];
    }),
  );
}
