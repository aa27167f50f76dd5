import { join } from "node:path";
import type { Json } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { parseConfig, withUpstream, type Config } from "../../schema/config.ts";
import { Sentence } from "../sentence.ts";
import { ROOT } from "./build.ts";
import { publicAddress, type StartOptions } from "./options.ts";

/** What wrangler.toml says, with what the command line puts in its place. */
export interface Configuration {
  readonly config: Config;
  /** For the worker: what `config` was read from. */
  readonly variables: Record<string, Json>;
  /** Its bindings, crons and queues. */
  readonly workerOptions: Readonly<Record<string, unknown>>;
}

/** Reads the configuration; throws a `Sentence` that names the wrong key. */
export function readConfiguration(options: StartOptions): Configuration {
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml"));
  const shipped = (workerOptions["bindings"] ?? {}) as Record<string, Json>;
  const written = { ...shipped, ...(options.config !== undefined && varsIn(options.config)) };
  const chosen = options.upstream ? withUpstream(written, options.upstream) : written;
  const variables = {
    ...secretsOf(chosen),
    ...chosen,
    PUBLIC_URL: publicAddress(options),
    LOG: options.quiet ? "problems" : "requests",
  };
  try {
    return { config: parseConfig(variables), variables, workerOptions };
  } catch (error) {
    throw new Sentence(error instanceof Error ? error.message : String(error));
  }
}

/** The `[vars]` of a file like wrangler.toml. */
function varsIn(file: string): Record<string, Json> {
  try {
    return unstable_readConfig({ config: file }, { hideWarnings: true }).vars as Record<string, Json>;
  } catch (error) {
    throw new Sentence(`--config ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The secrets that upstreams name, from this process's environment: on this machine there is no other place for them. */
function secretsOf(variables: Readonly<Record<string, Json>>): Record<string, string> {
  const upstreams = Object.values((variables["UPSTREAMS"] ?? {}) as Record<string, { credentials?: unknown }>);
  return Object.fromEntries(
    upstreams.flatMap(({ credentials }) => {
      const value = typeof credentials === "string" ? process.env[credentials] : undefined;
      return value === undefined ? [] : [[String(credentials), value]];
    }),
  );
}
