import { CommandError } from "../lib/command-error.ts";
import type { CloudflareApi } from "./cloudflare-api.ts";
import type { Wanted } from "./wanted.ts";

const SCRIPTS = "Workers Scripts: Edit";
const ROUTES = "Workers Routes: Edit, and Zone: Read, for the domain's zone";

interface CustomDomain {
  readonly hostname: string;
  readonly service: string;
}

/** Where clients will find a deployment, and whether that is set up. */
export interface PublicAddress {
  readonly root: URL;
  /** The zone in which the domain has to be attached; undefined where it is attached, or there is none. */
  readonly zone: string | undefined;
}

/**
 * Finds out where clients will find a deployment, before anything is made for it.
 *
 * @throws CommandError where the domain is another worker's, or has no zone in the account, or there is no address at all
 */
export async function placeOf(api: CloudflareApi, { name, domain, file }: Wanted): Promise<PublicAddress> {
  if (domain === undefined)
    return { root: new URL(`https://${name}.${await subdomainOf(api)}.workers.dev/`), zone: undefined };
  const root = new URL(`https://${domain}/`);
  const attached = await api.find<CustomDomain>(
    `workers/domains?hostname=${domain}`,
    { purpose: `ask for the domain ${domain}`, permission: ROUTES },
    ({ hostname }) => hostname === domain,
  );
  if (attached?.service === name) return { root, zone: undefined };
  if (attached)
    throw new CommandError(
      `The domain ${domain} is attached to the worker ${attached.service}. Detach it there, or name another one in ${file}.`,
    );
  return { root, zone: await zoneOf(api, domain, file) };
}

/** Attaches the domain. Cloudflare refuses one for which there is a DNS record already, which is never replaced. */
export async function attachDomain(api: CloudflareApi, { name, domain }: Wanted, zone: string): Promise<void> {
  await api.ask("workers/domains", {
    purpose: `attach the domain ${domain}`,
    permission: ROUTES,
    method: "PUT",
    body: { environment: "production", hostname: domain, service: name, zone_id: zone },
  });
}

async function subdomainOf(api: CloudflareApi): Promise<string> {
  const found = await api.ask<{ subdomain?: string } | null>("workers/subdomain", {
    purpose: "ask for the account's subdomain of workers.dev",
    permission: SCRIPTS,
    mayBeAbsent: true,
  });
  if (found?.subdomain) return found.subdomain;
  throw new CommandError(
    `The account has no subdomain of workers.dev. Open https://dash.cloudflare.com/${api.account}/workers once, which makes one, or name a domain of your own.`,
  );
}

/** The zone with the longest name that the domain is in. */
async function zoneOf(api: CloudflareApi, domain: string, file: string): Promise<string> {
  const labels = domain.split(".");
  for (let first = 0; first < labels.length - 1; first++) {
    const name = labels.slice(first).join(".");
    const request = { purpose: `look for the zone of ${domain}`, permission: ROUTES };
    const zones = await api.ask<readonly { id: string }[]>(`/zones?name=${name}&account.id=${api.account}`, request);
    if (zones?.[0]) return zones[0].id;
  }
  throw new CommandError(
    `The account has no zone for ${domain}. Add the domain to Cloudflare, or leave out "domain" in ${file}.`,
  );
}
