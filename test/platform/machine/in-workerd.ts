import { createServer } from "node:net";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
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
  options: Readonly<Record<string, unknown>> = {},
  prepare: (miniflare: Miniflare) => Promise<void> = () => Promise.resolve(),
): Promise<ServedHandler> {
  const port = await freePort();
  const worker = {
    compatibilityDate: "2026-10-01",
    ...options,
    name: "worker",
    modules: [{ type: "ESModule" as const, path: "index.js", contents }],
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  };
  const whole = convertV4MiniflareOptions({ host: "127.0.0.1", port: 0, cf: false, workers: [worker] });
  const miniflare = new Miniflare(whole);
  await miniflare.ready;
  await prepare(miniflare);
  return { port, stop: () => miniflare.dispose() };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
