import type { CloudflareApi } from "./cloudflare-api.ts";

/** What a worker that is deployed already has. */
export interface Deployed {
  readonly exists: boolean;
  /** What it stores in, by its bindings; undefined where it has none. */
  readonly pages: string | undefined;
  readonly files: string | undefined;
  readonly database: string | undefined;
  /** The names of its secrets. */
  readonly secrets: ReadonlySet<string>;
}

interface Binding {
  readonly type: string;
  readonly name: string;
  readonly namespace_id?: string;
  readonly bucket_name?: string;
  readonly id?: string;
  readonly database_id?: string;
}

/** Asks what the worker of this name has. */
export async function readDeployed(api: CloudflareApi, name: string): Promise<Deployed> {
  const settings = await api.ask<{ readonly bindings?: readonly Binding[] }>(`workers/scripts/${name}/settings`, {
    purpose: `ask for the worker ${name}`,
    permission: "Workers Scripts: Edit",
    mayBeAbsent: true,
  });
  const bindings = settings?.bindings ?? [];
  const bound = (binding: string) => bindings.find((each) => each.name === binding);
  const database = bound("DB");
  return {
    exists: settings !== undefined,
    pages: bound("PAGES")?.namespace_id,
    files: bound("FILES")?.bucket_name,
    database: database?.database_id ?? database?.id,
    secrets: new Set(bindings.filter(({ type }) => type === "secret_text").map((each) => each.name)),
  };
}
