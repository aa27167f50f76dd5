import { join } from "node:path";
import { freePort, serve, type Server } from "./process.ts";

/** A running pypi-edge. */
export interface Product extends Server {
  /** The root of its Simple API. */
  readonly index: string;
}

const ROOT = join(import.meta.dirname, "../..");

/**
 * Starts pypi-edge over `upstream`; what it stores goes to the directory `state`.
 *
 * @param on the port to listen on, else a free one: what was stored under one address is not served under another
 */
export async function startProduct(upstream: string, state: string, on?: number): Promise<Product> {
  const port = on ?? (await freePort());
  const server = await serve(
    process.execPath,
    ["cli/start.ts", "--port", `${port}`, "--upstream", upstream, "--state", state, "--quiet"],
    /\bready\b/,
    { cwd: ROOT },
  );
  return { ...server, index: `http://127.0.0.1:${port}/simple/` };
}
