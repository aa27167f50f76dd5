import type { Miniflare, V4WorkerOptionsShape } from "miniflare";
import { freePort } from "../../../cli/demo/process.ts";
import { startMiniflare } from "../../support/node/miniflare.ts";
import type { ServedHandler } from "./http-suite.ts";

/**
 * Serves a worker in workerd itself, without miniflare's entry in front of it.
 *
 * @param contents the worker, as one JavaScript module
 * @param options what the worker has beside it, as miniflare has it
 * @param prepare called before requests are taken
 */
export async function inWorkerd(
  contents: string,
  options: V4WorkerOptionsShape = {},
  prepare: (miniflare: Miniflare) => Promise<void> = () => Promise.resolve(),
): Promise<ServedHandler> {
  const port = await freePort();
  const unsafeDirectSockets = [{ host: "127.0.0.1", port }];
  const miniflare = await startMiniflare(contents, { ...options, unsafeDirectSockets });
  await prepare(miniflare);
  return { port, stop: () => miniflare.dispose() };
}
