import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { describe } from "vitest";
import { serveHttp } from "../../../server/http/serve-http.ts";
import handler from "./http-handler.ts";
import { httpSuite, type ServedHandler } from "./http-suite.ts";

const HANDLER = join(import.meta.dirname, "http-handler.ts");

/** workerd itself answers, without miniflare's entry in front of it. */
async function inWorkerd(): Promise<ServedHandler> {
  const port = await freePort();
  const contents = stripTypeScriptTypes(await readFile(HANDLER, "utf8"));
  const worker = {
    name: "handler",
    modules: [{ type: "ESModule" as const, path: "index.js", contents }],
    compatibilityDate: "2026-10-01",
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({ host: "127.0.0.1", port: 0, cf: false, workers: [worker] }),
  );
  await miniflare.ready;
  return { port, stop: () => miniflare.dispose() };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

const onThisMachine = () =>
  serveHttp({ host: "127.0.0.1", port: 0, handler: (request) => handler.fetch(request), report: () => undefined });

describe("workerd", () => {
  httpSuite(inWorkerd);
});

describe("one machine", () => {
  httpSuite(onThisMachine);
});
