import { CloudflareApi, type AccountAccess } from "../../../../cli/deploy/cloudflare-api.ts";
import type { Upload } from "../../../../cli/deploy/upload.ts";

interface Settings {
  readonly name: string;
  readonly kv_namespaces: readonly { readonly binding: string; readonly id: string }[];
  readonly r2_buckets: readonly { readonly binding: string; readonly bucket_name: string }[];
  readonly d1_databases: readonly { readonly binding: string; readonly database_id: string }[];
  readonly queues: {
    readonly producers: readonly { readonly binding: string; readonly queue: string }[];
    readonly consumers: readonly { readonly queue: string }[];
  };
  readonly triggers: { readonly crons: readonly string[] };
}

/** Deploys as wrangler does, in fewer requests: the script with its secrets, then crons, then who reads the queues. */
export async function uploadTo({ settings, secrets }: Upload, credentials: AccountAccess): Promise<void> {
  const { name, kv_namespaces, r2_buckets, d1_databases, queues, triggers } = settings as unknown as Settings;
  const api = new CloudflareApi(credentials);
  const ask = (path: string, method: "GET" | "PUT" | "POST", body?: unknown) =>
    api.ask<unknown>(path, { purpose: "deploy", permission: "Workers Scripts: Edit", method, body });
  const bindings = [
    ...kv_namespaces.map(({ binding, id }) => ({ type: "kv_namespace", name: binding, namespace_id: id })),
    ...r2_buckets.map(({ binding, bucket_name }) => ({ type: "r2_bucket", name: binding, bucket_name })),
    ...d1_databases.map(({ binding, database_id: id }) => ({ type: "d1", name: binding, id })),
    ...queues.producers.map(({ binding, queue }) => ({ type: "queue", name: binding, queue_name: queue })),
    ...Object.entries(secrets).map(([secret, text]) => ({ type: "secret_text", name: secret, text })),
  ];
  await ask(`workers/scripts/${name}`, "PUT", { bindings });
  await ask(
    `workers/scripts/${name}/schedules`,
    "PUT",
    triggers.crons.map((cron) => ({ cron })),
  );
  for (const { queue } of queues.consumers) {
    const [found] = (await ask(`queues?name=${queue}`, "GET")) as { queue_id: string; consumers: unknown[] }[];
    if (!found) throw new Error(`There is no queue ${queue}.`);
    if (found.consumers.length === 0) await ask(`queues/${found.queue_id}/consumers`, "POST", { script_name: name });
  }
}
