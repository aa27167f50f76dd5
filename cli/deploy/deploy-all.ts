import { CloudflareApi } from "./cloudflare-api.ts";
import { attachDomain } from "./address.ts";
import { checkAccount } from "./check-account.ts";
import { applyMigration, migrationState, newerSentence } from "./migrations.ts";
import { nextSteps } from "./next-steps.ts";
import { newAdminToken, secretsIn } from "./secrets.ts";
import { resourcesOf, type Resource } from "./stores.ts";
import type { DeployTools } from "./tools.ts";
import { uploadFor } from "./upload.ts";
import type { Wanted } from "./wanted.ts";

/**
 * Makes a deployment what the configuration wants. Each step first looks whether it is done, so that a run goes on where the
 * one before it failed, and a run in which all is done uploads this version and makes nothing.
 *
 * @throws CommandError of the step that failed, with a sentence that says what to do
 */
export async function deployAll(wanted: Wanted, tools: DeployTools): Promise<void> {
  const { print, remark } = tools;
  const api = new CloudflareApi(tools.credentials);
  const { deployed, place } = await checkAccount(api, wanted, tools);

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
  print(nextSteps(place.root, wanted));
}

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
