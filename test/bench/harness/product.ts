/** pypi-edge itself, started the way a person starts it. */
import { dirname, join } from "node:path";
import { freePort } from "../../../cli/demo/process.ts";
import { type Running, start } from "./processes.ts";
import { REPOSITORY_ROOT } from "./tools.ts";

/** What Node runs: `pypi-edge serve`, or the bundle that is deployed to Cloudflare, in workerd over simulated stores. */
const PROGRAMS = {
  node: ["cli/pypi-edge.ts", "serve"],
  workerd: ["test/support/node/workerd/start.ts"],
} as const;

export interface Product extends Running {
  /** Root of its Simple API. */
  readonly simple: URL;
}

/**
 * Serves `upstream`, a Simple API root, from the state in `state`; its temporary files are beside that.
 * @param root the checkout that is started: of an earlier version, where it is not this one
 * @param more further options
 */
export async function startProduct(
  upstream: URL,
  state: string,
  platform: keyof typeof PROGRAMS = "node",
  root = REPOSITORY_ROOT,
  more: readonly string[] = [],
): Promise<Product> {
  const port = await freePort();
  const options = ["--port", `${port}`, "--upstream", upstream.href, "--state", state, "--no-cron", "--quiet", ...more];
  const [script, ...command] = PROGRAMS[platform];
  const running = await start(
    [process.execPath, join(root, script), ...command, ...options],
    { line: /ready/ },
    { cwd: root, env: { ...process.env, TMPDIR: dirname(state) } },
  );
  return { ...running, simple: new URL(`http://127.0.0.1:${port}/simple/`) };
}

/** Starts pypi-edge, hands it over, and says so if it did not end as it should. */
export async function withProduct<T>(upstream: URL, state: string, use: (product: Product) => Promise<T>): Promise<T> {
  const product = await startProduct(upstream, state);
  try {
    return await use(product);
  } finally {
    const forced = await product.stop();
    if (forced !== undefined) process.stderr.write(`warning: ${forced}\n`);
  }
}
