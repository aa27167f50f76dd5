import { CommandError, usageError } from "../lib/command-error.ts";
import type { AccountAccess, CloudflareApi } from "./cloudflare-api.ts";

interface Subscription {
  readonly rate_plan?: { readonly id?: string };
}

/** Throws a `CommandError` where R2 is not enabled, or Cloudflare refuses the token. Nothing has been made by then. */
export async function demandR2(api: CloudflareApi): Promise<void> {
  await api.ask("r2/buckets?per_page=1", { purpose: "ask for the buckets", permission: "Workers R2 Storage: Edit" });
}

/**
 * Whether the account has the Workers Paid plan; undefined where the token may not read what the account has subscribed to
 * ("Billing: Read"), which is nothing that a deployment needs.
 */
export async function hasPaidPlan(api: CloudflareApi): Promise<boolean | undefined> {
  const request = { purpose: "read the account's plan", permission: "Billing: Read" };
  try {
    const subscriptions = (await api.ask<readonly Subscription[]>("subscriptions", request)) ?? [];
    return subscriptions.some(({ rate_plan: plan }) => /^workers_(?!free)/.test(plan?.id ?? ""));
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

/** The account and the token that a run has in its environment. Throws a usage error where one is missing. */
export function accessIn(env: NodeJS.ProcessEnv): AccountAccess {
  const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: account } = env;
  const missing = [token ? [] : ["CLOUDFLARE_API_TOKEN"], account ? [] : ["CLOUDFLARE_ACCOUNT_ID"]].flat();
  if (!token || !account)
    throw usageError(`Set ${missing.join(" and ")} in the environment; docs/deploy.md says what the token needs.`);
  if (!/^[\da-f]{32}$/.test(account))
    throw usageError("CLOUDFLARE_ACCOUNT_ID is not an account's id: it has 32 digits from 0 to f.");
  if (!/^[\x21-\x7e]+$/.test(token)) throw usageError("CLOUDFLARE_API_TOKEN has a character that tokens do not have.");
  return { token, account };
}
