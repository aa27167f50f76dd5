/** pypi-edge itself, started the way a person starts it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePort } from "../../../cli/demo/process.ts";
import { type Running, start } from "./processes.ts";
import { REPOSITORY_ROOT } from "./tools.ts";

/** What Node runs: `pypi-edge serve`, or the bundle that is deployed to Cloudflare, in workerd over simulated stores. */
const PROGRAMS = {
  node: ["cli/pypi-edge.ts", "serve"],
  workerd: ["test/support/node/workerd/start.ts"],
} as const;

const PLAIN = { flags: [], variables: {} };

/** The options of Node and the variables that `npm start` starts the server with. Throws where its script has another form. */
function ofNpmStart(): { readonly flags: readonly string[]; readonly variables: NodeJS.ProcessEnv } {
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY_ROOT, "package.json"), "utf8")) as {
    scripts: { start: string };
  };
  const [, variables, flags] =
    /^exec env ((?:\w+=\S+ )+)node ((?:--\S+ )*)bin\/pypi-edge\.js serve$/.exec(scripts.start) ?? [];
  if (variables === undefined || flags === undefined) throw new Error(`npm start is "${scripts.start}".`);
  return {
    flags: flags.split(" ").filter((flag) => flag !== ""),
    variables: Object.fromEntries(
      variables
        .trim()
        .split(" ")
        .map((each) => each.split("=")),
    ) as NodeJS.ProcessEnv,
  };
}

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
  const { flags, variables } = platform === "node" && root === REPOSITORY_ROOT ? ofNpmStart() : PLAIN;
  const running = await start(
    [process.execPath, ...flags, join(root, script), ...command, ...options],
    { line: /ready/ },
    { cwd: root, env: { ...process.env, ...variables, TMPDIR: dirname(state) } },
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
