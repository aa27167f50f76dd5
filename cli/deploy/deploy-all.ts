import { randomBytes } from "node:crypto";
import { ADMIN_TOKEN_SECRETS } from "../../schema/admin-tokens.ts";
import { CommandError, usageError } from "../lib/command-error.ts";
import { demandR2, hasPaidPlan } from "./account.ts";
import { attachDomain, placeOf } from "./address.ts";
import { CloudflareApi, type AccountAccess } from "./cloudflare-api.ts";
import { readDeployed, type Deployed } from "./deployed.ts";
import { applyMigration, migrationState } from "./migrations.ts";
import { resourcesOf, type Resource } from "./stores.ts";
import { uploadFor, type Upload } from "./upload.ts";
import type { Wanted } from "./wanted.ts";

/** What a deployment is done with; tests have others. */
export interface DeployTools {
  readonly credentials: AccountAccess;
  readonly upload: (upload: Upload, credentials: AccountAccess) => Promise<void>;
  /** Waits until the deployment answers, and tries it. */
  readonly check: (root: URL) => Promise<void>;
  /** Takes a line of the result. */
  readonly print: (line: string) => void;
  /** Takes a remark. */
  readonly remark: (line: string) => void;
  /** Has the secrets. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Makes a deployment what the configuration wants. Each step first looks whether it is done, so that a run goes on where the
 * one before it failed, and a run in which all is done uploads this version and makes nothing.
 *
 * @throws CommandError of the step that failed, with a sentence that says what to do
 */
export async function deployAll(wanted: Wanted, tools: DeployTools): Promise<void> {
  const { print, remark } = tools;
  const api = new CloudflareApi(tools.credentials);
  const { deployed, place } = await lookAround(api, wanted, tools);

  const { pages, files, database, queues } = resourcesOf(api, wanted, deployed);
  const ids = {
    pages: await ensure(pages, print),
    files: await ensure(files, print),
    database: await ensure(database, print),
  };
  for (const queue of queues) await ensure(queue, print);

  // Before the new code takes a request. The old one runs on the new tables: migrations only add to them.
  const { missing, newer } = await migrationState(api, ids.database);
  if (newer.length > 0) remark(newerSentence(newer));
  for (const name of missing) {
    await applyMigration(api, ids.database, name);
    print(`applied  ${name}`);
  }

  const made = newAdminToken(deployed, tools.env);
  // Before it is stored: a run that is broken off during the upload would leave a token that was never shown.
  if (made !== undefined)
    print(`
ADMIN_TOKEN is ${made}
It opens /-/api/ once the worker is deployed, and is shown this once: keep it where your team keeps secrets.
`);
  const secrets = { ...secretsIn(tools.env, wanted), ...(made !== undefined && { ADMIN_TOKEN: made }) };
  await tools.upload(uploadFor(wanted, ids, secrets), tools.credentials);
  print(`deployed the worker ${wanted.name}`);

  if (place.zone !== undefined) {
    await attachDomain(api, wanted, place.zone);
    print(`attached the domain ${place.root.hostname}`);
  }
  await tools.check(place.root);
  print(nextSteps(place.root));
}

/** Prints what `deployAll` would do, and changes nothing. */
export async function planAll(wanted: Wanted, tools: DeployTools): Promise<void> {
  const { print, remark } = tools;
  const api = new CloudflareApi(tools.credentials);
  const { deployed, place } = await lookAround(api, wanted, tools);
  const { pages, files, database, queues } = resourcesOf(api, wanted, deployed);
  let databaseId: string | undefined;
  for (const each of [pages, files, database, ...queues]) {
    const id = await each.find();
    if (each === database) databaseId = id;
    print(`${id === undefined ? "make    " : "keep    "} ${each.what}`);
  }
  if (databaseId === undefined) print("apply    all migrations");
  else {
    const { missing, newer } = await migrationState(api, databaseId);
    if (newer.length > 0) remark(newerSentence(newer));
    print(missing.length === 0 ? "keep     the database's tables" : `apply    ${missing.join(", ")}`);
  }
  print(`deploy   the worker ${wanted.name}${deployed.exists ? ", in the place of the one that is there" : ""}`);
  const secrets = Object.keys(secretsIn(tools.env, wanted));
  if (newAdminToken(deployed, tools.env) !== undefined) secrets.push("ADMIN_TOKEN");
  for (const secret of secrets) print(`set      ${secret}`);
  if (place.zone !== undefined) print(`attach   the domain ${place.root.hostname}`);
  print(`check    ${place.root.href}`);
}

/** Prints what a deployment into an empty account would do. It asks no account. */
export function planWithoutAccount(wanted: Wanted, print: (line: string) => void): void {
  const { names, queues } = wanted;
  print(`make     the KV namespace ${names.pages}, unless it is there`);
  print(`make     the bucket ${names.files}, unless it is there`);
  print(`make     the database ${names.database}, unless it is there`);
  for (const queue of queues) print(`make     the queue ${queue}, unless it is there`);
  print("apply    the migrations that the database does not have");
  print(`deploy   the worker ${wanted.name}`);
  print("set      ADMIN_TOKEN, unless it is there");
  if (wanted.domain !== undefined) print(`attach   the domain ${wanted.domain}`);
  print(`check    https://${wanted.domain ?? `${wanted.name}.YOUR-SUBDOMAIN.workers.dev`}/`);
}

/** The account and the token of this run. Throws a usage error where one is missing. */
export function credentialsIn(env: NodeJS.ProcessEnv): AccountAccess {
  const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: account } = env;
  const missing = [token ? [] : ["CLOUDFLARE_API_TOKEN"], account ? [] : ["CLOUDFLARE_ACCOUNT_ID"]].flat();
  if (!token || !account)
    throw usageError(`Set ${missing.join(" and ")} in the environment; docs/deploy.md says what the token needs.`);
  if (!/^[\da-f]{32}$/.test(account))
    throw usageError("CLOUDFLARE_ACCOUNT_ID is not an account's id: it has 32 digits from 0 to f.");
  if (!/^[\x21-\x7e]+$/.test(token)) throw usageError("CLOUDFLARE_API_TOKEN has a character that tokens do not have.");
  return { token, account };
}

/** All that has to be right before anything is made. */
async function lookAround(api: CloudflareApi, wanted: Wanted, { remark, env }: DeployTools) {
  await demandR2(api);
  const deployed = await readDeployed(api, wanted.name);
  demandSecrets(wanted, deployed, env);
  const place = await placeOf(api, wanted);
  if (!wanted.isFree && (await hasPaidPlan(api)) === false)
    remark(
      `The account has no Workers Paid plan, and ${wanted.file} does not say plan = "free": large pages and files fail for want of CPU (docs/deploy.md).`,
    );
  if (deployed.files !== undefined && deployed.files !== wanted.names.files)
    remark(`The worker ${wanted.name} stores in the bucket ${deployed.files}, and goes on with it.`);
  return { deployed, place };
}

/** Throws a `CommandError` where an upstream's secret is neither stored nor in the environment: the worker would not start. */
function demandSecrets({ secrets }: Wanted, deployed: Deployed, env: NodeJS.ProcessEnv): void {
  const missing = secrets.filter((name) => !env[name] && !deployed.secrets.has(name));
  if (missing.length > 0)
    throw new CommandError(
      `An upstream needs the secret ${missing.join(" and ")}, of the form user:password. Set it in the environment of this run; it is stored as a secret of the worker, and later runs need it no more.`,
    );
}

/** A new admin token; undefined where the worker has one, or the environment. */
const newAdminToken = ({ secrets }: Deployed, env: NodeJS.ProcessEnv): string | undefined =>
  ADMIN_TOKEN_SECRETS.some((name) => env[name] || secrets.has(name))
    ? undefined
    : randomBytes(32).toString("base64url");

/** The secrets that the environment has for the worker. */
const secretsIn = (env: NodeJS.ProcessEnv, { secrets }: Wanted): Record<string, string> =>
  Object.fromEntries([...secrets, ...ADMIN_TOKEN_SECRETS].flatMap((name) => (env[name] ? [[name, env[name]]] : [])));

async function ensure({ what, find, make }: Resource, print: DeployTools["print"]): Promise<string> {
  const found = await find();
  if (found !== undefined) {
    print(`kept     ${what}`);
    return found;
  }
  const id = await make();
  print(`made     ${what}`);
  return id;
}

const newerSentence = (newer: readonly string[]) =>
  `A newer pypi-edge has changed the database (${newer.join(", ")}). This version runs on it, without what is new there.`;

const nextSteps = ({ href }: URL) => `
The index is at ${href}simple/

  pip install --index-url ${href}simple/ requests
  uv pip install --default-index ${href}simple/ requests

Next: store the admin token for the other commands, and make one for uploads:
  pypi-edge login --url ${href} --token -
  pypi-edge token create --index team --scope read,upload --name release`;
