import { join } from "node:path";
import type { Json } from "miniflare";
import { experimental_readRawConfig, unstable_getMiniflareWorkerOptions } from "wrangler";
import { parseConfig, VARIABLES, withUpstream, type Config } from "../../schema/config.ts";
import { errorText, CommandError } from "../lib/command-error.ts";
import { PROJECT_FOLDER } from "../lib/state.ts";
import { publicAddress, type StartOptions } from "./options.ts";

const SHIPPED = join(PROJECT_FOLDER, "wrangler.toml");

/** The configuration in wrangler.toml, overridden by the command line. */
export interface Configuration {
  readonly config: Config;
  /** The variables from which `config` was read; the worker gets them. */
  readonly variables: Record<string, Json>;
  /** Its bindings, crons and queues. */
  readonly workerOptions: Readonly<Record<string, unknown>>;
}

/** Reads the configuration; throws a `CommandError` that names the wrong key. `token` opens the admin API. */
export function readConfiguration(options: StartOptions, token: string): Configuration {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(SHIPPED);
  const shipped = (workerOptions["bindings"] ?? {}) as Record<string, Json>;
  // Called only for the errors that it throws: the values come from the bindings, which have the secrets of a .dev.vars as well.
  varsIn(SHIPPED, "wrangler.toml");
  const own = options.config === undefined ? {} : varsIn(options.config, `--config ${options.config}`);
  try {
    const both = { ...shipped, ...own };
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
    return { config: parseConfig(variables), variables, workerOptions };
  } catch (error) {
    throw new CommandError(errorText(error));
  }
}

/** The `[vars]` of a file like wrangler.toml; throws a `CommandError`, whose message begins with `title`, where one of them is unknown. */
function varsIn(file: string, title: string): Record<string, Json> {
  const { vars, ...others } = rawConfig(file, title);
  const known = VARIABLES.join(", ");
  if (typeof vars !== "object" || vars === null)
    throw new CommandError(`${title}: has no [vars]; known in it are ${known}.`);
  const problems = [
    ...("ADMIN_TOKEN" in others ? [`ADMIN_TOKEN: ${SECRET}`] : []),
    ...VARIABLES.filter((key) => key in others).map((key) => `${key}: belongs below vars, as vars.${key}`),
    ...Object.keys(vars)
      .filter((key) => !VARIABLES.includes(key))
      .map((key) => `vars.${key}: ${key === "ADMIN_TOKEN" ? SECRET : `is not known; known are ${known}`}`),
  ];
  if (problems.length > 0) throw new CommandError(`${title}: ${problems.join("; ")}.`);
  return vars as Record<string, Json>;
}

const SECRET =
  "is a secret, which must not be in this file; give it with --admin-token T, or to a deployment with npx wrangler secret put ADMIN_TOKEN";

function rawConfig(file: string, title: string) {
  try {
    return experimental_readRawConfig({ config: file }).rawConfig;
  } catch (error) {
    throw new CommandError(`${title}: ${errorText(error)}`);
  }
}

/** The secrets that upstreams name, from this process's environment, the only place for them on this machine. */
function secretsOf(variables: Readonly<Record<string, Json>>): Record<string, string> {
  const upstreams = Object.values((variables["UPSTREAMS"] ?? {}) as Record<string, { credentials?: unknown }>);
  return Object.fromEntries(
    upstreams.flatMap(({ credentials }) => {
      const value = typeof credentials === "string" ? process.env[credentials] : undefined;
      return value === undefined ? [] : [[String(credentials), value]];
    }),
  );
}
