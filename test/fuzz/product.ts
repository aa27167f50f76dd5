import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { removeDirectory, temporaryDirectory } from "../../cli/demo/leftovers.ts";
import { run } from "../../cli/demo/process.ts";
import { startMiniflare } from "../support/node/miniflare.ts";
import { PROJECT_FOLDER } from "../../cli/lib/project-folder.ts";

/** What the product makes of a case; `broken` where it throws what is no refusal. */
export type Own = { readonly reading: unknown } | { readonly refused: string } | { readonly broken: string };

/** The product's readers in workerd: another platform's DecompressionStream takes and refuses other streams. */
export class Product {
  readonly #miniflare: Miniflare;

  private constructor(miniflare: Miniflare) {
    this.#miniflare = miniflare;
  }

  /** Bundles and starts them; throws an `Error` with wrangler's output where that cannot be done. */
  static async start(): Promise<Product> {
    const { workerOptions } = unstable_getMiniflareWorkerOptions(join(PROJECT_FOLDER, "wrangler.toml"));
    const compatibilityDate = workerOptions["compatibilityDate"] as string;
    return new Product(await startMiniflare(await bundled(), { compatibilityDate }));
  }

  /** What each of the cases reads as. */
  async read(reader: string, cases: readonly Uint8Array[]): Promise<Own[]> {
    const body = JSON.stringify({ reader, cases: cases.map((bytes) => Buffer.from(bytes).toString("base64")) });
    const response = await this.#miniflare.dispatchFetch("http://readers.test/", { method: "POST", body });
    if (!response.ok) throw new Error(`The worker failed over ${reader}: ${await response.text()}`);
    return (await response.json()) as Own[];
  }

  stop(): Promise<void> {
    return this.#miniflare.dispose();
  }
}

async function bundled(): Promise<string> {
  const folder = temporaryDirectory();
  try {
    const wrangler = join(PROJECT_FOLDER, "node_modules", "wrangler", "bin", "wrangler.js");
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
    const args = [wrangler, "deploy", "test/fuzz/worker.ts", "--dry-run", "--outdir", folder];
    const { code, output } = await run(process.execPath, args, { cwd: PROJECT_FOLDER, env });
    if (code !== 0) throw new Error(`The readers cannot be bundled:\n${output}`);
    return readFileSync(join(folder, "worker.js"), "utf8");
  } finally {
    removeDirectory(folder);
  }
}
