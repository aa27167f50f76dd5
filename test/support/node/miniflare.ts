import { convertV4MiniflareOptions, Miniflare, type V4WorkerOptionsShape } from "miniflare";

/**
 * Starts one worker in miniflare, with empty stores.
 *
 * @param contents the worker, as one JavaScript module
 * @param options what the worker has beside it, as miniflare has it
 */
export async function startMiniflare(contents: string, options: V4WorkerOptionsShape = {}): Promise<Miniflare> {
  const worker = {
    compatibilityDate: "2026-10-01",
    ...options,
    name: "worker",
    modules: [{ type: "ESModule" as const, path: "index.js", contents }],
  };
  const whole = convertV4MiniflareOptions({ host: "127.0.0.1", port: 0, cf: false, workers: [worker] });
  const miniflare = new Miniflare(whole);
  await miniflare.ready;
  return miniflare;
}
