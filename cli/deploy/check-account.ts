import { demandR2, hasPaidPlan } from "./account.ts";
import { placeOf } from "./address.ts";
import type { CloudflareApi } from "./cloudflare-api.ts";
import { readDeployed } from "./deployed.ts";
import { demandSecrets } from "./secrets.ts";
import type { DeployTools } from "./tools.ts";
import type { Wanted } from "./wanted.ts";

/**
 * Reads what the account has, and checks all that has to be right before anything is made.
 *
 * @throws CommandError with what is not
 */
export async function checkAccount(
  api: CloudflareApi,
  wanted: Wanted,
  { remark, env }: Pick<DeployTools, "remark" | "env">,
) {
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
