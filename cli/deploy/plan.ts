import { CloudflareApi } from "./cloudflare-api.ts";
import { checkAccount } from "./check-account.ts";
import { migrationState, newerSentence } from "./migrations.ts";
import { newAdminToken, secretsIn } from "./secrets.ts";
import { resourcesOf } from "./stores.ts";
import type { DeployTools } from "./tools.ts";
import type { Wanted } from "./wanted.ts";

/** Prints what `deployAll` would do, and changes nothing. */
export async function planAll(wanted: Wanted, tools: DeployTools): Promise<void> {
  const { print, remark } = tools;
  const api = new CloudflareApi(tools.credentials);
  const { deployed, place } = await checkAccount(api, wanted, tools);
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
