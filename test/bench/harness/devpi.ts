import { join } from "node:path";
import { freePort } from "../../../cli/demo/process.ts";
import { run, start, type Running } from "./processes.ts";
import { virtualEnvironment } from "./venv.ts";

export interface Devpi extends Running {
  readonly origin: string;
  /** Root of the Simple API of its index that mirrors the upstream. */
  readonly mirror: URL;
  /** Runs `devpi` as root, and resolves with what it printed. */
  client(...args: readonly string[]): Promise<string>;
}

/** Starts devpi-server with one index, root/up, that mirrors `upstream`. */
export async function startDevpi(upstream: URL, state: string, wheelhouse: string): Promise<Devpi> {
  const bin = await virtualEnvironment("devpi", ["devpi-server", "devpi-client"], wheelhouse);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const data = join(state, "server");
  await run([join(bin, "devpi-init"), "--serverdir", data, "--no-root-pypi"]);
  const running = await start(
    [join(bin, "devpi-server"), "--serverdir", data, "--host", "127.0.0.1", "--port", `${port}`],
    { port },
  );
  const client = (...args: readonly string[]): Promise<string> =>
    run([join(bin, "devpi"), ...args, "--clientdir", join(state, "client")]);
  await client("use", origin);
  await client("login", "root", "--password", "");
  await client("index", "-c", "root/up", "type=mirror", `mirror_url=${upstream.href}`);
  return { ...running, origin, mirror: new URL(`${origin}/root/up/+simple/`), client };
}
