import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TomlTable } from "smol-toml";
import { ADMIN_TOKEN_SECRETS } from "../../schema/admin-tokens.ts";
import { parseConfig, type Config } from "../../schema/config.ts";
import { deployment } from "../../schema/deployment.ts";
import { complaints } from "../../schema/complaints.ts";
import { ownDeployment, type OwnDeployment } from "../../schema/own-deployment.ts";
import { FREE_PLAN_VARS } from "../../schema/plans.ts";
import { queueRole } from "../../schema/queues.ts";
import { messageOf } from "../../worker/errors.ts";
import { CommandError } from "../lib/command-error.ts";
import { credentialNames, tomlOf, varsOf } from "../lib/configuration-file.ts";
import { OWN_CONFIGURATION, PROJECT_FOLDER } from "../lib/project-folder.ts";

const SHIPPED = join(PROJECT_FOLDER, "wrangler.toml");

/** A deployment as the configuration wants it. */
export interface Wanted {
  /** The worker's name. */
  readonly name: string;
  readonly location: OwnDeployment["location"];
  readonly domain: string | undefined;
  readonly isFree: boolean;
  /** Whether the default index needs a token to be read. */
  readonly isPrivate: boolean;
  /** The first index that takes uploads. */
  readonly hosted: string | undefined;
  /** The names of what it stores in. */
  readonly names: { readonly pages: string; readonly files: string; readonly database: string };
  /** Ids that the configuration has already. */
  readonly ids: { readonly pages?: string | undefined; readonly database?: string | undefined };
  readonly queues: readonly string[];
  /** The names of the secrets that its upstreams need. */
  readonly secrets: readonly string[];
  /** The file that it was read from. */
  readonly file: string;
  /** What wrangler is to deploy, as a wrangler.toml without the ids of the stores. */
  readonly settings: TomlTable;
}

/**
 * Reads the configuration of a deployment: the shipped wrangler.toml, and over it the owner's `pypi-edge.toml`.
 *
 * @param named the owner's file; undefined: the one in this folder, else none
 * @param env has the secrets that upstreams name, as far as they are known
 * @throws CommandError that names each wrong key
 */
export function readWanted(named: string | undefined, env: NodeJS.ProcessEnv): Wanted {
  const file = ownFile(named);
  const shipped = tomlOf(SHIPPED, "wrangler.toml");
  const own = file === undefined ? {} : ownOf(tomlOf(file, file), file);
  const {
    name: shippedName,
    kv_namespaces: [namespace],
    r2_buckets: [bucket],
    d1_databases: [database],
    queues,
  } = deployment.parse(shipped);
  const { name = shippedName, location, domain, plan } = own;
  const renamed = (text: string) =>
    text === shippedName || text.startsWith(`${shippedName}-`) ? name + text.slice(shippedName.length) : text;
  const wrong = queues.consumers.find(({ queue }) => queueRole(queue) === undefined);
  if (wrong) throw new CommandError(`wrangler.toml: no consumer reads the queue ${wrong.queue}.`);

  const vars = {
    ...varsOf(shipped, "wrangler.toml"),
    ...(plan === "free" && FREE_PLAN_VARS),
    ...(own.vars !== undefined && varsOf({ vars: own.vars as TomlTable }, file ?? "")),
  };
  const secrets = [...new Set(credentialNames(vars))];
  const { indexes } = checkVars(vars, secrets, env, file ?? "wrangler.toml");

  const settings = withNames(shipped, renamed, name === shippedName ? undefined : limiterId(name));
  return {
    name,
    location,
    domain,
    isFree: plan === "free",
    isPrivate: indexes[0].isPrivate,
    hosted: indexes.find((index) => index.hosted)?.name,
    names: {
      // The name that wrangler gives a namespace of which the configuration has no id.
      pages: renamed(`${shippedName}-pages`),
      files: renamed(bucket.bucket_name),
      database: renamed(database.database_name),
    },
    // The ids of a wrangler.toml are those of its own stores.
    ids: name === shippedName ? { pages: namespace.id, database: database.database_id } : {},
    queues: queues.consumers.map(({ queue }) => renamed(queue)),
    secrets,
    file: file ?? SHIPPED,
    settings: { ...settings, name, vars },
  };
}

function ownFile(named: string | undefined): string | undefined {
  const file = resolve(named ?? OWN_CONFIGURATION);
  if (existsSync(file)) return file;
  if (named !== undefined) throw new CommandError(`--config ${named}: there is no such file.`);
  if (existsSync(join(PROJECT_FOLDER, "worker"))) return undefined;
  throw new CommandError(
    `There is no ${OWN_CONFIGURATION} in this folder. Make a folder with one by pypi-edge init FOLDER, or name a file with --config FILE.`,
  );
}

function ownOf(table: TomlTable, file: string): OwnDeployment {
  // What is wrong with variables that stand at a wrong place has a sentence of its own.
  varsOf({ ...table, vars: table["vars"] ?? {} }, file);
  const parsed = ownDeployment.safeParse(table, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new CommandError(`${file}: ${complaints(parsed.error).join("; ")}.`);
}

/** Throws a `CommandError` where the deployed worker would not start with these variables. Secrets may be stored there already. */
function checkVars(
  vars: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
  env: NodeJS.ProcessEnv,
  file: string,
): Config {
  const stored = Object.fromEntries(secrets.map((name) => [name, env[name] ?? "stored:there"]));
  const tokens = Object.fromEntries(ADMIN_TOKEN_SECRETS.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  try {
    return parseConfig({ ...vars, ...stored, ...tokens });
  } catch (error) {
    throw new CommandError(`${file}: ${messageOf(error)}`);
  }
}

/** A number for a worker's rate limiter: two workers with the same would count together. */
const limiterId = (name: string) => String(createHash("sha256").update(name).digest().readUInt32BE(0) % 1_000_000_000);

/**
 * The shipped settings with the names of another deployment.
 *
 * @param limiter the id of its rate limiters; undefined: the shipped one
 */
function withNames(shipped: TomlTable, renamed: (text: string) => string, limiter: string | undefined): TomlTable {
  const { producers, consumers } = shipped["queues"] as { producers: TomlTable[]; consumers: TomlTable[] };
  const isNamed = (key: string, value: unknown): value is string =>
    typeof value === "string" && ["queue", "dead_letter_queue"].includes(key);
  const rename = (table: TomlTable): TomlTable =>
    Object.fromEntries(
      Object.entries(table).map(([key, value]) => [key, isNamed(key, value) ? renamed(value) : value]),
    );
  return {
    ...shipped,
    queues: { producers: producers.map(rename), consumers: consumers.map(rename) },
    ratelimits: ((shipped["ratelimits"] ?? []) as TomlTable[]).map((each) => ({
      ...each,
      ...(limiter !== undefined && { namespace_id: limiter }),
    })),
  };
}
