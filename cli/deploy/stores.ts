import type { ApiRequest, CloudflareApi } from "./cloudflare-api.ts";
import type { Deployed } from "./deployed.ts";
import type { Wanted } from "./wanted.ts";

/** Something that a deployment stores in, or sends to. */
export interface Resource {
  /** For people: `the bucket acme-files`. */
  readonly what: string;
  /** Its id; undefined where it has to be made. */
  readonly find: () => Promise<string | undefined>;
  /** Makes it, and gives its id. */
  readonly make: () => Promise<string>;
}

/**
 * All that a deployment stores in. What a deployed worker is bound to is used as it is, whatever its name: with another
 * bucket or database, what a team has uploaded would be out of sight.
 */
export function resourcesOf(api: CloudflareApi, wanted: Wanted, deployed: Deployed) {
  const { names, location, ids } = wanted;
  return {
    pages: namespace(api, names.pages, deployed.pages ?? ids.pages),
    files: bucket(api, deployed.files ?? names.files, location),
    database: database(api, names.database, location, deployed.database ?? ids.database),
    queues: wanted.queues.map((name) => queue(api, name)),
  };
}

function namespace(api: CloudflareApi, title: string, known: string | undefined): Resource {
  const path = "storage/kv/namespaces";
  const { what, finding, making } = purposes(`the KV namespace ${title}`, "Workers KV Storage: Edit");
  return {
    what,
    find: async () =>
      known ?? (await api.find<{ id: string; title: string }>(path, finding, (each) => each.title === title))?.id,
    make: async () => (await made<{ id: string }>(api, path, making, { title })).id,
  };
}

function bucket(api: CloudflareApi, name: string, location: string | undefined): Resource {
  const { what, finding, making } = purposes(`the bucket ${name}`, "Workers R2 Storage: Edit");
  return {
    what,
    find: async () => (await api.ask<{ name: string }>(`r2/buckets/${name}`, { ...finding, mayBeAbsent: true }))?.name,
    make: async () => {
      const body = { name, ...(location !== undefined && { locationHint: location }) };
      return (await made<{ name: string }>(api, "r2/buckets", making, body)).name;
    },
  };
}

function database(api: CloudflareApi, name: string, location: string | undefined, known: string | undefined): Resource {
  const { what, finding, making } = purposes(`the database ${name}`, "D1: Edit");
  return {
    what,
    find: async () =>
      known ??
      (
        await api.find<{ uuid: string; name: string }>(
          `d1/database?name=${name}`,
          finding,
          (each) => each.name === name,
        )
      )?.uuid,
    make: async () => {
      const body = { name, ...(location !== undefined && { primary_location_hint: location }) };
      return (await made<{ uuid: string }>(api, "d1/database", making, body)).uuid;
    },
  };
}

function queue(api: CloudflareApi, name: string): Resource {
  const { what, finding, making } = purposes(`the queue ${name}`, "Queues: Edit");
  return {
    what,
    find: async () =>
      (await api.find<{ queue_id: string; queue_name: string }>("queues", finding, (each) => each.queue_name === name))
        ?.queue_id,
    make: async () => (await made<{ queue_id: string }>(api, "queues", making, { queue_name: name })).queue_id,
  };
}

function purposes(what: string, permission: string) {
  const finding: ApiRequest = { purpose: `look for ${what}`, permission };
  const making: ApiRequest = { purpose: `make ${what}`, permission, method: "POST" };
  return { what, finding, making };
}

async function made<Result>(api: CloudflareApi, path: string, request: ApiRequest, body: unknown): Promise<Result> {
  return (await api.ask<Result>(path, { ...request, body })) as Result;
}
