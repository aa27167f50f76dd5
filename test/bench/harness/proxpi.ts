/** proxpi, in an environment of its own. */
import { join } from "node:path";
import { freePort } from "../../../cli/demo/process.ts";
import { request } from "./http.ts";
import { type Running, start } from "./processes.ts";
import { virtualEnvironment } from "./venv.ts";

export interface Proxpi extends Running {
  /** Root of its Simple API. */
  readonly simple: URL;
}

/**
 * Serves `upstream`, a Simple API root, and keeps files in the directory `state`.
 *
 * @param settings variables of proxpi's beside these
 */
export async function startProxpi(
  upstream: URL,
  state: string,
  wheelhouse: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Proxpi> {
  const bin = await virtualEnvironment("proxpi", ["proxpi", "gunicorn"], wheelhouse);
  const port = await freePort();
  const root = new URL(`http://127.0.0.1:${port}/`);
  const running = await start(
    [join(bin, "gunicorn"), "--threads", "16", "-b", root.host, "proxpi.server:app"],
    { port },
    {
      cwd: state,
      env: {
        ...process.env,
        PROXPI_INDEX_URL: upstream.href,
        PROXPI_CACHE_DIR: join(state, "cache"),
        ...settings,
      },
    },
  );
  // gunicorn listens before it has the process that answers.
  await request(new URL("health", root), {});
  return { ...running, simple: new URL("index/", root) };
}
