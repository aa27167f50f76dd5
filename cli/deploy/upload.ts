import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { removeDirectory, temporaryDirectory } from "../demo/leftovers.ts";
import { CommandError } from "../lib/command-error.ts";
import { PROJECT_FOLDER } from "../lib/project-folder.ts";
import { RUN_AGAIN, type AccountAccess } from "./cloudflare-api.ts";
import type { Wanted } from "./wanted.ts";

/** What is handed to wrangler. */
export interface Upload {
  /** A whole configuration, with the ids of all stores. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Secrets that take effect with the code; those that are stored and not named here stay. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** The worker's code: a package has it ready as one file. */
const PACKED = join(PROJECT_FOLDER, "dist", "package", "worker", "index.js");

const WRANGLER = join(PROJECT_FOLDER, "node_modules", "wrangler", "bin", "wrangler.js");

/** What wrangler deploys: the settings with the ids of the stores. */
export function uploadFor(
  wanted: Wanted,
  ids: { readonly pages: string; readonly files: string; readonly database: string },
  secrets: Upload["secrets"],
): Upload {
  const { settings, domain } = wanted;
  const source = join(PROJECT_FOLDER, "worker", "index.ts");
  return {
    settings: {
      ...settings,
      main: existsSync(source) ? source : PACKED,
      // An address beside the domain would be an address without the cache, and without what guards the domain.
      workers_dev: domain === undefined,
      preview_urls: false,
      kv_namespaces: [{ binding: "PAGES", id: ids.pages }],
      r2_buckets: [{ binding: "FILES", bucket_name: ids.files }],
      d1_databases: [{ binding: "DB", database_name: wanted.names.database, database_id: ids.database }],
    },
    secrets,
  };
}

/**
 * Deploys with wrangler: a clone's own, or the same version fetched by npx. Its lines go to standard error.
 *
 * Why wrangler, and not the API: the upload's form, crons, the consumers of queues and the cache are Cloudflare's to change, and
 * wrangler changes with them. All that is made once, and what must be known before, is asked of the API.
 *
 * @throws CommandError where wrangler fails; it has said why
 */
export async function uploadWithWrangler(
  { settings, secrets }: Upload,
  { token, account }: AccountAccess,
): Promise<void> {
  // It has secrets: it is removed however this process ends.
  const folder = temporaryDirectory();
  try {
    const config = join(folder, "wrangler.json");
    const secretsFile = join(folder, "secrets.json");
    await writeFile(config, JSON.stringify(settings));
    await writeFile(secretsFile, JSON.stringify(secrets), { mode: 0o600 });
    const env = {
      ...process.env,
      CLOUDFLARE_API_TOKEN: token,
      CLOUDFLARE_ACCOUNT_ID: account,
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_HIDE_BANNER: "true",
    };
    const args = [
      "deploy",
      "--config",
      config,
      ...(Object.keys(secrets).length > 0 ? ["--secrets-file", secretsFile] : []),
    ];
    const code = await runWrangler(args, env);
    if (code !== 0) throw new CommandError(`Could not deploy: wrangler failed, for the reason above. ${RUN_AGAIN}`);
  } finally {
    removeDirectory(folder);
  }
}

async function runWrangler(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const isClone = existsSync(WRANGLER);
  const npx = process.platform === "win32" ? "npx.cmd" : "npx";
  const [command, ...first] = isClone ? [process.execPath, WRANGLER] : [npx, "--yes", `wrangler@${wranglerVersion()}`];
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // Without a terminal wrangler asks nothing. On Windows npx is a script, which only a shell starts.
  spawn(command ?? "", [...first, ...args], {
    env,
    stdio: ["ignore", 2, 2],
    shell: !isClone && process.platform === "win32",
  })
    .on("error", (error) =>
      reject(new CommandError(`Could not start ${command}: ${error.message}. npx comes with Node.`)),
    )
    .on("exit", (code) => resolve(code ?? 1));
  return promise;
}

/** The version that this one was tested with. */
export function wranglerVersion(): string {
  const { devDependencies } = JSON.parse(readFileSync(join(PROJECT_FOLDER, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  return devDependencies["wrangler"] ?? "latest";
}
